// The untouched check: a node's tables hold what kube-proxy and the pod network write, and nothing else.
import * as z from 'zod';
import type { Pod } from '../../../api/core-pods.ts';
import type { NamespaceTexts } from '../../../api/dataplane.ts';
import { type Change, compareIptables } from '../../../dataplane/compare.ts';
import { compareBpf, compareServers, compareSets } from '../../../dataplane/compare-sets.ts';
import { compareNft } from '../../../dataplane/nft/compare.ts';
import { RulesetError } from '../../../dataplane/parse.ts';
import { nameOfNamespace } from '../../trace/lab.ts';
import { Unmet } from '../facts.ts';
import { brief, isMatch } from '../match.ts';
import { english as en, type Phrases } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import type { Verdict } from '../verdict.ts';
import type { Place } from '../view/places.ts';
import type { View } from '../view/view.ts';
import { nodePlace, zeroOrMore } from './fields.ts';
import { checkKind } from './kind.ts';
import { isPortMapping } from './port-mapping.ts';
import { isSelected, type Selection, selectionFields } from './rules.ts';
import { machineName } from './ways.ts';

const english = {
  untouchedExpected: (on: string) => `the tables of ${en.where(on)} hold what kube-proxy writes, and nothing else`,
  clean: (node: string) => `${node}: nothing was added, removed or moved`,
  touched: (node: string, count: number, listed: string) =>
    `${node}: ${count === 1 ? '1 difference' : `${count} differences`} from kube-proxy's rules. ${listed}`,
  change: (how: Change['how'], text: string, where: string) => `${howEn[how]}: \`${text}\` (${where})`,
  place: (tool: string, table: string) => [tool, table && `table ${table}`].filter(Boolean).join(', '),
  remove: (node: string, command: string) => `On ${node}, \`${command}\` undoes this.`,
  rewrite: (node: string) => `On ${node}, \`systemctl restart kube-proxy\` writes all rules of kube-proxy again.`,
};

const howEn: Readonly<Record<Change['how'], string>> = {
  added: 'added',
  missing: 'missing',
  moved: 'moved',
  changed: 'changed',
};

const korean: typeof english = {
  untouchedExpected: (on) => `${ko.where(on)}의 테이블에 kube-proxy가 만든 것만 있음`,
  clean: (node) => `${node}: 추가되거나 없어지거나 옮겨진 것이 없음`,
  touched: (node, count, listed) => `${node}: kube-proxy의 규칙과 다른 곳 ${count}개. ${listed}`,
  change: (how, text, where) => `${howKo[how]}: \`${text}\` (${where})`,
  place: (tool, table) => [tool, table && `${table} 테이블`].filter(Boolean).join(', '),
  remove: (node, command) => `되돌리는 명령(${node}에서): \`${command}\``,
  rewrite: (node) => `kube-proxy의 규칙을 모두 다시 만드는 명령(${node}에서): \`systemctl restart kube-proxy\``,
};

const howKo: Readonly<Record<Change['how'], string>> = {
  added: '추가됨',
  missing: '없어짐',
  moved: '옮겨짐',
  changed: '바뀜',
};

const allowed = z.union([
  z.strictObject(selectionFields),
  z
    .strictObject({
      nft: z
        .string()
        .min(1)
        .meta({ description: 'The family and the name of a native table of nft.', examples: ['inet lab'] }),
    })
    .meta({ description: 'A native table of nft.' }),
]);
type Allowed = z.output<typeof allowed>;

export const untouchedCheck = checkKind({
  type: 'untouched',
  summary: "A node's packet filter holds what kube-proxy writes for the cluster's objects, and nothing else.",
  fields: {
    on: nodePlace,
    allow: zeroOrMore(allowed).meta({
      description: 'Rules and tables that the task lets the student add. A rule must match all given fields.',
      examples: [{ chain: 'PREROUTING', comment: 'mine' }, { nft: 'inet lab' }],
    }),
  },
  words: { en: english, ko: korean },
  expected: ({ on }, say) => say.untouchedExpected(on),
  judge: ({ on, allow }, view, say) => {
    const nodes = view.places.each(on, (node) => ({
      node,
      texts: view.twins.texts(node.machine),
      forged: view.facts.at(node, 'rulesForged').rulesForged,
    }));
    return nodes.map(({ node, texts, forged }) => {
      if (forged) throw unreadable(node, say.forgedRules(), say);
      try {
        return judgeNode({ node, allow, view, say }, texts);
      } catch (error) {
        // Only names and comments that the student chose can make a text unreadable.
        if (error instanceof RulesetError || error instanceof SyntaxError)
          throw unreadable(node, brief(error.message), say);
        throw error;
      }
    });
  },
});

const unreadable = ({ label }: Place, cause: string, say: Phrases): Unmet =>
  new Unmet(say.unreadableRules(label, cause), say.onMachine(label, 'nft list ruleset'));

interface Question {
  readonly node: Place;
  readonly allow: readonly Allowed[];
  readonly view: View;
  readonly say: Phrases & typeof english;
}

type Texts = Pick<
  NamespaceTexts,
  'iptables' | 'ip6tables' | 'iptablesLegacy' | 'ip6tablesLegacy' | 'nft' | 'ipset' | 'ipvs' | 'bpf'
>;

const nothing: Texts = {
  ...{ iptables: '', ip6tables: '', iptablesLegacy: '', ip6tablesLegacy: '', nft: '', ipset: '', ipvs: '' },
};

const mostListed = 3;

const judgeNode = (question: Question, { own, twin }: { own: NamespaceTexts; twin: NamespaceTexts }): Verdict => {
  const { node, view, say } = question;
  const pods = view.objects.list<Pod>('pod');
  const isOurs = isPortMapping(pods.filter(({ spec }) => spec.nodeName === node.machine));
  // A table with a rule that iptables has not written is left out of its listing.
  const foreign = /^# Table `\w+' is incompatible.*$/m.exec(`${own.iptables}\n${own.ip6tables}`);
  if (foreign) throw unreadable(node, foreign[0], say);
  const changes = [
    ...compare(own, twin).map((change) => ({ change, where: node.label })),
    // Nothing of a cluster writes rules into the namespace of a pod.
    ...view.twins.inside(node.machine).flatMap(({ texts, index }) => {
      const where = machineName(nameOfNamespace(texts, { pods, index }));
      return compare(texts, nothing).map((change) => ({ change, where }));
    }),
  ].filter(({ change }) => !isOurs(change) && !isAllowed(change, question.allow));
  const [first] = changes;
  if (!first) return { holds: true, observed: say.clean(node.label) };
  const listed = changes.slice(0, mostListed).map(({ change: { how, text, tool, table }, where }) => {
    const place = say.place(tool, table);
    return say.change(how, brief(text, 160), where === node.label ? place : `${where}, ${place}`);
  });
  const more = changes.length > mostListed ? '; …' : '';
  const { remedy } = first.change;
  return {
    holds: false,
    observed: say.touched(node.label, changes.length, `${listed.join('; ')}${more}`),
    hint: remedy === undefined ? say.rewrite(node.label) : say.remove(first.where, remedy),
  };
};

const compare = (own: Texts, wanted: Texts): readonly Change[] => {
  const inTables = [
    ...compareIptables('iptables', own.iptables, wanted.iptables),
    ...compareIptables('ip6tables', own.ip6tables, wanted.ip6tables),
  ];
  // The same change as nft shows it.
  const isKnown = ({ table }: Change): boolean =>
    inTables.some((change) => table === `${change.tool === 'iptables' ? 'ip' : 'ip6'} ${change.table}`);
  return [
    ...inTables,
    ...compareIptables('iptables-legacy', own.iptablesLegacy, wanted.iptablesLegacy),
    ...compareIptables('ip6tables-legacy', own.ip6tablesLegacy, wanted.ip6tablesLegacy),
    ...compareNft(own.nft, wanted.nft).filter((change) => !isKnown(change)),
    ...compareSets(own.ipset, wanted.ipset),
    ...compareServers(own.ipvs, wanted.ipvs),
    ...compareBpf(own.bpf ?? '', wanted.bpf ?? ''),
  ];
};

const isAllowed = ({ how, tool, table, rule, text }: Change, allow: readonly Allowed[]): boolean =>
  how === 'added' &&
  allow.some((each) => {
    if ('nft' in each) return tool === 'nft' && table === each.nft;
    if (tool === 'nft' || each.table !== table) return false;
    return rule ? isSelected(rule, each) : each.chain !== undefined && isChain(each, text);
  });

const isChain = ({ chain = '' }: Selection, text: string): boolean =>
  text.startsWith('chain ') && isMatch(chain, text.slice('chain '.length));
