// "Did you mean …?" for names of labs, tasks, fields and checks.
import { distance } from 'fastest-levenshtein';

/** More names than these help nobody. */
const most = 3;

/**
 * The known names that begin with or hold what was written, if it is one, else the most similar ones if they may be
 * what was misspelt. Several are equally similar.
 */
export const nearestAll = (written: string, known: readonly string[]): readonly string[] =>
  nearestWithin(written, known, (length) => Math.max(1, Math.round(length * 0.4)));

const nearestWithin = (
  written: string,
  known: readonly string[],
  /** The most letters that differ, for a name of this length. */
  limitFor: (length: number) => number,
): readonly string[] => {
  const wanted = written.toLowerCase();
  const names = [...new Set(known)].map((name) => ({ name, lower: name.toLowerCase() }));
  if (wanted.length >= 3) {
    const begun = names.filter(({ lower }) => lower.startsWith(wanted));
    const holding = begun.length > 0 ? begun : names.filter(({ lower }) => lower.includes(wanted));
    if (holding.length === 1) return holding.map(({ name }) => name);
  }
  const rated = names
    .map(({ name, lower }) => ({ name, distance: distance(wanted, lower) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = rated;
  const limit = limitFor(Math.max(written.length, best?.name.length ?? 0));
  if (!best || best.distance > limit) return [];
  const equal = rated.filter((each) => each.distance === best.distance);
  return equal.length > most ? [] : equal.map(({ name }) => name);
};

/** The one name that is nearest. */
export const nearest = (written: string, known: readonly string[]): string | undefined => {
  const [first, ...others] = nearestAll(written, known);
  return others.length === 0 ? first : undefined;
};

/** The files whose names, without their folders, are nearest. A file of another kind is none. */
export const nearestPaths = (written: string, known: readonly string[]): readonly string[] => {
  const like = known.filter((path) => kindOf(path) === kindOf(written));
  const stems = nearestWithin(stemOf(written), like.map(stemOf), (length) => Math.ceil(length / 2));
  const rated = like
    .filter((path) => stems.includes(stemOf(path)))
    .map((path) => ({ path, distance: distance(written, path) }));
  const least = Math.min(...rated.map((each) => each.distance));
  return rated.filter((each) => each.distance === least).map(({ path }) => path);
};

const stemOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).split('.')[0] ?? '';

const kindOf = (path: string): string =>
  (/\.(\w+)$/.exec(path)?.[1] ?? '').replace(/^[cm]?[jt]s$/, 'script').replace('yml', 'yaml');

/** `; did you mean "db" or "dns"?`, or an empty text. */
export const didYouMean = (written: string, known: readonly string[]): string => askWhether(nearestAll(written, known));

/** @param names from `nearestAll` or `nearestPaths` */
export const askWhether = (names: readonly string[]): string =>
  names.length === 0 ? '' : `; did you mean "${joined(names, 'or')}"?`;

/** `a", "b" or "c`, between quotes */
export const joined = (names: readonly string[], word: string): string =>
  names
    .map((name, index) => (index === 0 ? name : `${index === names.length - 1 ? `" ${word} "` : '", "'}${name}`))
    .join('');
