// The iptables check: a node has certain rules (`rules`), or its rules send a packet the right way (`packet`).
import * as z from 'zod';
import { renderRule } from '../../../dataplane/render.ts';
import { isOutside } from '../access.ts';
import { brief, type CountRange, inRange } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { atLeastOne, count, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';
import { judgePacket, packetEnglish, packetExpected, packetKorean, packetSchema } from './packet.ts';
import { rulesOf, type Selection, selectionEnglish, selectionFields, selectionKorean, selectRules } from './rules.ts';

const english = {
  ...selectionEnglish,
  ...packetEnglish,
  rulesExpected: (on: string, range: CountRange, selection: string) =>
    `${en.where(on)} has ${en.counted(range, 'such rule')} (${selection})`,
  rulesObserved: (node: string, number: number, rules: string) =>
    number === 0 ? `${node} has no such rule` : `${node} has ${number}: ${rules}`,
  rulesHint: (node: string, table: string) =>
    `On ${node}: iptables-save -t ${table}. kube-proxy writes the rules. Does it run there, and does the service have endpoints?`,
};

const korean: typeof english = {
  ...selectionKorean,
  ...packetKorean,
  rulesExpected: (on, range, selection) => `${ko.where(on)}에 ${ko.counted(range, '규칙')} (${selection})`,
  rulesObserved: (node, number, rules) =>
    number === 0 ? `${node}에 그런 규칙이 없음` : `${node}에 ${number}개: ${rules}`,
  rulesHint: (node, table) =>
    `${node}에서: iptables-save -t ${table}. 규칙은 kube-proxy가 만듭니다. kube-proxy가 실행 중입니까? 서비스에 엔드포인트가 있습니까?`,
};

const anyRule: Selection = { table: 'nat' };

export const iptablesCheck = checkKind({
  type: 'iptables',
  summary: 'A place has certain iptables rules (rules), or its rules send a packet the right way (packet).',
  fields: {
    on: place,
    rules: z
      .strictObject(selectionFields)
      .exactOptional()
      .meta({
        description: 'Rules that match all these fields.',
        examples: [{ chain: '/^KUBE-SEP-/', target: 'DNAT', comment: 'default/web' }],
      }),
    count: count.prefault(atLeastOne),
    packet: packetSchema.exactOptional().meta({
      description: 'A packet, and what all rules of the place do to it, whatever their backend.',
      examples: [{ from: 'pod/blue', to: `\${service/web:.spec.clusterIP}:80`, lands: 'endpoints/web' }],
    }),
  },
  words: { en: english, ko: korean },
  mistakes: ({ rules, packet }) =>
    (rules === undefined) === (packet === undefined)
      ? [{ message: 'an iptables check needs either the field rules or the field packet' }]
      : [],
  expected: ({ on, rules, count, packet }, say) =>
    packet ? packetExpected(on, packet, say) : say.rulesExpected(on, count, rules ? say.selection(rules) : ''),
  judge({ on, packet, rules = anyRule, count }, view, say) {
    if (packet)
      return view.places.each(on, (node) => {
        // Rules that were made unreadable prove nothing.
        rulesOf(node, view, say);
        return judgePacket(packet, node, view, { say, list: 'iptables-save' });
      });
    return view.places.each(on, (node) => {
      const found = selectRules(rulesOf(node, view, say), rules);
      const shown = found.slice(0, 3).map((rule) => brief(renderRule(rule), 160));
      const more = found.length > shown.length ? '; …' : '';
      return {
        holds: inRange(found.length, count),
        observed: say.rulesObserved(node.label, found.length, `${shown.join('; ')}${more}`),
        hint:
          node.pod || isOutside(view.machines.roleOf(node.machine))
            ? lookAt(node, `iptables-save -t ${rules.table}`, say)
            : say.rulesHint(node.label, rules.table),
      };
    });
  },
});
