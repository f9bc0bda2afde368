// "Did you mean …?" for names of labs, tasks, fields and checks.
import { distance } from 'fastest-levenshtein';

/** The known name that begins with or holds what was written, else the most similar one if it may be a misspelling. */
export const nearest = (written: string, known: readonly string[]): string | undefined => {
  const wanted = written.toLowerCase();
  const names = known.map((name) => ({ name, lower: name.toLowerCase() }));
  if (wanted.length >= 3) {
    const begun = names.filter(({ lower }) => lower.startsWith(wanted));
    const holding = begun.length > 0 ? begun : names.filter(({ lower }) => lower.includes(wanted));
    if (holding.length === 1) return holding[0]?.name;
  }
  const [best] = names
    .map(({ name, lower }) => ({ name, distance: distance(wanted, lower) }))
    .sort((a, b) => a.distance - b.distance);
  const limit = Math.max(1, Math.round(Math.max(written.length, best?.name.length ?? 0) * 0.4));
  return best && best.distance <= limit ? best.name : undefined;
};

/** `; did you mean "db"?`, or an empty text. */
export const didYouMean = (written: string, known: readonly string[]): string => {
  const name = nearest(written, known);
  return name === undefined ? '' : `; did you mean "${name}"?`;
};
