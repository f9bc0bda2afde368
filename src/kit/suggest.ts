// "Did you mean …?" for names of labs, tasks, fields and checks.
import { distance } from 'fastest-levenshtein';

/** The known name that is most similar to `written`, if it is similar enough to be a misspelling. */
export const nearest = (written: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((name) => ({ name, distance: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best && best.distance <= Math.max(1, Math.round(Math.max(written.length, best.name.length) * 0.4)))
    return best.name;
  const completions = known.filter((name) => written.length >= 3 && name.startsWith(written));
  return completions.length === 1 ? completions[0] : undefined;
};

/** `; did you mean "db"?`, or an empty text. */
export const didYouMean = (written: string, known: readonly string[]): string => {
  const name = nearest(written, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
};
