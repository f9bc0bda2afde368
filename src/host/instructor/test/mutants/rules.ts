// Wrong solutions: rules of a service are missing on nodes.
import { carries, type Derivation, idsOf, type Mutant, sh, type Undo } from './mutant.ts';
import type { Subject, TaskSubjects } from './subjects.ts';

/** Whether kube-proxy runs in the mode iptables: a task may have let the student choose another one. */
export const hasRules = (saved = ''): boolean => /^-A KUBE-SERVICES /m.test(saved);

/** kube-proxy would mend its rules within seconds. Frozen, its process is there for all who look for it. */
const freeze = ({ calls }: Derivation, node: string): Promise<unknown> =>
  sh(calls, `node/${node}`, 'systemctl kill --signal=STOP kube-proxy');

const thaw = ({ calls }: Derivation, node: string): Undo => ({
  key: `kube-proxy of ${node}`,
  run: () => sh(calls, `node/${node}`, 'systemctl kill --signal=CONT kube-proxy; systemctl restart kube-proxy'),
});

const rewrite = async ({ calls }: Derivation, node: string, drop: (line: string) => boolean): Promise<void> => {
  const { iptables = '' } = await calls.facts(`node/${node}`, 'iptables');
  const kept = iptables.split('\n').filter((line) => !(line.startsWith('-A') && drop(line)));
  await calls.restoreRules(node, `${kept.join('\n')}\n`, { flush: true });
};

const isAbout = (line: string, key: string): boolean => new RegExp(`--comment "?${key}[": ]`).test(`${line} `);

/** kube-proxy writes nothing for a service without an address. */
const isHeadless = ({ service }: Subject): boolean => service.spec.clusterIP === 'None';

/** A node uses only its own endpoints then, so the rule of another one may mean nothing. */
const isLocal = ({ service: { spec } }: Subject): boolean =>
  spec.internalTrafficPolicy === 'Local' || spec.externalTrafficPolicy === 'Local';

/** The rule that leads to an endpoint is missing on one node. */
export const rule = (from: Derivation, subject: Subject): readonly Mutant[] =>
  subject.endpoint === undefined || isHeadless(subject) || isLocal(subject)
    ? []
    : from.ruleNodes.map((node) => ({
        group: `rule on ${node}`,
        what: from.say.rule(subject.key, node),
        tasks: idsOf(carries(from, subject.key).filter(({ nodesOf }) => nodesOf[subject.key]?.includes(node))),
        services: [subject.key],
        apply: async () => {
          await freeze(from, node);
          const to = `${subject.endpoint?.address}:${subject.endpoint?.port}`;
          await rewrite(from, node, (line) => isAbout(line, subject.key) && line.includes(`--to-destination ${to}`));
        },
        undo: [thaw(from, node)],
      }));

/** The rules of the service are on one node only. */
export const oneNode = (from: Derivation, subject: Subject): readonly Mutant[] => {
  const onRules = ({ nodesOf }: TaskSubjects): readonly string[] =>
    (nodesOf[subject.key] ?? []).filter((node) => from.ruleNodes.includes(node));
  const several = carries(from, subject.key).filter((task) => onRules(task).length > 1);
  const [keep] = several[0] ? onRules(several[0]) : [];
  if (keep === undefined || isHeadless(subject)) return [];
  const others = from.ruleNodes.filter((node) => node !== keep);
  return [
    {
      group: 'one node',
      what: from.say.oneNode(subject.key, keep),
      tasks: idsOf(several),
      services: [subject.key],
      apply: async () => {
        for (const node of others) {
          await freeze(from, node);
          await rewrite(from, node, (line) => isAbout(line, subject.key));
        }
      },
      undo: others.map((node) => thaw(from, node)),
    },
  ];
};
