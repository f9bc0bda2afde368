// "Did you mean …?" in each language.
import type { Localized } from '../../../api/lab.ts';

/** @param near from `nearest` */
export const meant = (near: string | undefined): Required<Localized> =>
  near === undefined ? { en: '', ko: '' } : { en: `; did you mean "${near}"?`, ko: ` (비슷한 이름: "${near}")` };
