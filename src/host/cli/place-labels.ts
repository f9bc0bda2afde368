// Finds the code blocks of a text whose machine the student would not know: no sentence before the block names it.
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

/** @param places machine → its label */
export const placeLabels = (tokens: readonly Token[], places: Places): ReadonlyMap<Token, string> => {
  const labels = new Map<Token, string>();
  let before = '';
  walkTokens([...tokens], (token) => {
    if (token.type === 'codespan' || (token.type === 'text' && !('tokens' in token && token.tokens)))
      before += ` ${token.raw}`;
    if (token.type !== 'code') return;
    const { lang = '', text } = token as Tokens.Code;
    const { place } = fenceWords(lang);
    const label = Object.hasOwn(places, place) ? places[place] : undefined;
    const isClear = place === 'host' ? text.split('\n').every(isOfLabs) : lastNamed(before, places) === place;
    if (label !== undefined && !isClear) labels.set(token, label);
    before = '';
  });
  return labels;
};

/** Such a command works only on the student's own machine. */
const isOfLabs = (line: string): boolean => /^(npx )?labs\b|^\s*(#|$)/.test(line);

const lastNamed = (text: string, places: Places): string | undefined => {
  const named = Object.keys(places).flatMap((place) => {
    // A Korean particle follows a name without a space.
    const found = [...text.matchAll(new RegExp(`(?<![\\w-])${place}(?![\\w-])`, 'g'))].at(-1);
    return found ? [{ place, at: found.index }] : [];
  });
  return named.sort((a, b) => a.at - b.at).at(-1)?.place;
};
