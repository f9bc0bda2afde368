// The list of all kinds of checks. The schema of lab.yaml, the JSON Schema and the grader derive from it.
import { answerCheck } from './checks/answer.ts';
import { changeCheck } from './checks/change.ts';
import { conntrackCheck } from './checks/conntrack.ts';
import { fileCheck } from './checks/file.ts';
import { httpCheck } from './checks/http.ts';
import { iptablesCheck } from './checks/iptables.ts';
import { ipvsCheck } from './checks/ipvs.ts';
import type { AnyCheckKind } from './checks/kind.ts';
import { linkCheck } from './checks/link.ts';
import { logCheck } from './checks/log.ts';
import { lookupCheck } from './checks/lookup.ts';
import { nftablesCheck } from './checks/nftables.ts';
import { objectCheck } from './checks/object.ts';
import { pathCheck } from './checks/path.ts';
import { policyCheck } from './checks/policy.ts';
import { processCheck } from './checks/process.ts';
import { routeCheck } from './checks/route.ts';
import { scriptCheck } from './checks/script.ts';
import { sysctlCheck } from './checks/sysctl.ts';
import { tcpCheck } from './checks/tcp.ts';
import { twinCheck } from './checks/twin.ts';
import { untouchedCheck } from './checks/untouched.ts';

/** In the order in which editors and error messages list them. */
export const checkKinds: readonly [AnyCheckKind, ...AnyCheckKind[]] = [
  httpCheck,
  tcpCheck,
  lookupCheck,
  pathCheck,
  twinCheck,
  untouchedCheck,
  changeCheck,
  iptablesCheck,
  nftablesCheck,
  ipvsCheck,
  conntrackCheck,
  sysctlCheck,
  policyCheck,
  linkCheck,
  routeCheck,
  objectCheck,
  processCheck,
  fileCheck,
  logCheck,
  answerCheck,
  scriptCheck,
];

/** The kind with this `type`, or `undefined`. */
export const findKind = (type: unknown): AnyCheckKind | undefined => checkKinds.find((kind) => kind.type === type);

/** @throws Error when there is no such kind. This is a bug: loading a lab validates the kinds. */
export const kindOf = ({ type }: { readonly type: string }): AnyCheckKind => {
  const kind = findKind(type);
  if (!kind) throw new Error(`there is no kind of check called "${type}"`);
  return kind;
};
