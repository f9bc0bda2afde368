// Which Pod Security Standard a namespace demands of its pods, from the labels of the namespace.
import { type FieldError, invalidValue } from '../validation/field.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';
export const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];

/** A standard as one version of Kubernetes defines it. */
export interface Standard {
  readonly level: Level;
  /** `latest` or `v1.N` */
  readonly version: string;
}

export interface Policy {
  /** Pods that violate it are refused. */
  readonly enforce: Standard;
  /** Clients get a warning. */
  readonly warn: Standard;
  /** The log of the API server gets a line. */
  readonly audit: Standard;
}

const prefix = 'pod-security.kubernetes.io/';

const open: Standard = { level: 'privileged', version: 'latest' };

type Labels = Readonly<Record<string, string>>;

const isLevel = (text: string | undefined): text is Level => levels.some((level) => level === text);
const isVersion = (text: string): boolean => text === 'latest' || /^v1\.(\d|[1-9]\d*)$/.test(text);

/** A wrong level is enforced as the strictest one. Without a level of its own, `warn` follows `enforce`. */
export const policyOf = (labels: Labels = {}): Policy => {
  const enforce = standardOf(labels, 'enforce', 'restricted');
  const warn = standardOf(labels, 'warn', 'privileged');
  const follows = labels[`${prefix}warn`] === undefined && isLevel(labels[`${prefix}enforce`]);
  return {
    enforce,
    audit: standardOf(labels, 'audit', 'restricted'),
    warn: follows ? { ...warn, level: enforce.level, version: versionFor(labels, 'warn', enforce) } : warn,
  };
};

const versionFor = (labels: Labels, mode: string, { version }: Standard): string =>
  labels[`${prefix}${mode}-version`] === undefined ? version : standardOf(labels, mode, 'privileged').version;

const standardOf = (labels: Labels, mode: string, fallback: Level): Standard => {
  const level = labels[`${prefix}${mode}`];
  const version = labels[`${prefix}${mode}-version`];
  return {
    level: level === undefined ? open.level : isLevel(level) ? level : fallback,
    version: version !== undefined && isVersion(version) ? version : open.version,
  };
};

/** `restricted:latest`, as messages name a standard. */
export const nameOf = ({ level, version }: Standard): string => `${level}:${version}`;

/** The problems of the labels of a namespace. */
export const policyProblems = (labels: Labels = {}): FieldError[] =>
  ['enforce', 'audit', 'warn'].flatMap((mode) => {
    const wrong = (label: string, detail: string): FieldError[] => [
      invalidValue(`metadata.labels[${label}]`, labels[label], detail),
    ];
    const [level, version] = [`${prefix}${mode}`, `${prefix}${mode}-version`];
    return [
      ...(labels[level] === undefined || isLevel(labels[level])
        ? []
        : wrong(level, `must be one of ${levels.join(', ')}`)),
      ...(labels[version] === undefined || isVersion(labels[version])
        ? []
        : wrong(version, 'must be "latest" or "v1.x"')),
    ];
  });
