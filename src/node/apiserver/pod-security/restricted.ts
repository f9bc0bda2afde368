// The checks that the Pod Security Standard "restricted" adds, in the words and the order of the original.
import { type Check, forbiddenAdditions, seccomp } from './baseline.ts';
import { failing, listed, plural, quoted, type Subject, setters, unique, type Violation } from './subject.ts';

const escalation = (subject: Subject): Violation | undefined => {
  const names = failing(subject, ({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  const detail = `${listed(names)} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: 'allowPrivilegeEscalation != false', detail };
};

const capabilities = (subject: Subject): Violation | undefined => {
  const keeping = failing(subject, ({ capabilities: wanted }) => !wanted?.drop?.includes('ALL'));
  const added = forbiddenAdditions(subject, ['NET_BIND_SERVICE']);
  const details = [
    ...(keeping.length > 0 ? [`${listed(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(added === undefined ? [] : [added]),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedSources = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'],
];

const volumes = ({ spec }: Subject): Violation | undefined => {
  const bad = (spec.volumes ?? []).flatMap(({ name, ...sources }) => {
    const [type] = Object.keys(sources).filter((source) => !allowedSources.includes(source));
    return type === undefined ? [] : [{ name, type }];
  });
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => name);
  const types = unique(bad.map(({ type }) => type));
  const uses = `${plural('uses', 'use', names)} ${plural('restricted volume type', 'restricted volume types', types)}`;
  const detail = `${plural('volume', 'volumes', names)} ${quoted(names)} ${uses} ${quoted(types)}`;
  return { reason: 'restricted volume types', detail };
};

const nonRoot = (subject: Subject): Violation | undefined => {
  const reason = 'runAsNonRoot != true';
  const explicit = setters(
    subject.pod.runAsNonRoot === false,
    failing(subject, ({ runAsNonRoot }) => runAsNonRoot === false),
  );
  if (explicit !== '') return { reason, detail: `${explicit} must not set securityContext.runAsNonRoot=false` };
  const silent = failing(subject, ({ runAsNonRoot }) => runAsNonRoot === undefined && !subject.pod.runAsNonRoot);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${listed(silent)} must set securityContext.runAsNonRoot=true` };
};

const rootUser = (subject: Subject): Violation | undefined => {
  const who = setters(
    subject.pod.runAsUser === 0,
    failing(subject, ({ runAsUser }) => runAsUser === 0),
  );
  return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
};

const seccompProfile = (subject: Subject): Violation | undefined => {
  const explicit = seccomp(subject);
  if (explicit || subject.pod.seccompProfile) return explicit;
  const silent = failing(subject, ({ seccompProfile: profile }) => profile === undefined);
  if (silent.length === 0) return undefined;
  const detail = `pod or ${listed(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: 'seccompProfile', detail };
};

/** Sorted by the original's names of the checks. */
export const restricted: readonly Check[] = [
  { since: 8, run: escalation },
  { since: 22, run: capabilities },
  { since: 0, run: volumes },
  { since: 0, run: nonRoot },
  { since: 23, run: rootUser },
  { since: 19, run: seccompProfile },
];
