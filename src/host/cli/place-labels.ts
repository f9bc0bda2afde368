// Says on which machine each code block of a text is typed.
import { type Token, type Tokens, walkTokens } from 'marked';
import { membersOf } from '../../api/cluster.ts';
import type { LabDefinition } from '../../api/lab.ts';
import { fenceWords } from '../lab/fences.ts';
import type { Context } from './context.ts';

type Places = Readonly<Record<string, string>>;

/** The machines of the lab, and the student's own. */
export const placesIn = ({ cluster }: LabDefinition, { say }: Pick<Context, 'say'>): { readonly places: Places } => ({
  places: { ...Object.fromEntries(membersOf(cluster).map((name) => [name, name])), host: say.ownMachine },
});

/**
 * Also where the text names the machine: without a label, a block seems to belong to the machine of the one above.
 * @param places machine → its label
 */
export const placeLabels = (tokens: readonly Token[], places: Places): ReadonlyMap<Token, string> => {
  const labels = new Map<Token, string>();
  walkTokens([...tokens], (token) => {
    if (token.type !== 'code') return;
    const { lang = '', text } = token as Tokens.Code;
    const { place } = fenceWords(lang);
    const label = Object.hasOwn(places, place) ? places[place] : undefined;
    const isClear = place === 'host' && text.split('\n').every(isOfLabs);
    if (label !== undefined && !isClear) labels.set(token, label);
  });
  return labels;
};

/** Such a command works only on the student's own machine. */
const isOfLabs = (line: string): boolean => /^(npx )?labs\b|^\s*(#|$)/.test(line);
