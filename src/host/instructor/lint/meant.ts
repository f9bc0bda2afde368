// "Did you mean …?" in each language.
import type { Localized } from '../../../api/lab.ts';
import { askWhether, joined } from '../../../kit/suggest.ts';

/** @param near from `nearestAll` or `nearestPaths` */
export const meant = (near: readonly string[]): Required<Localized> => ({
  en: askWhether(near),
  ko: near.length === 0 ? '' : ` (비슷한 이름: "${joined(near, '또는')}")`,
});
