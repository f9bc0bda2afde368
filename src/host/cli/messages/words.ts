// A sentence in each language that labs speaks.
import type { Language } from '../../../api/lab.ts';

/** English and Korean. A sentence with gaps is a function. */
export type Words<T = string> = Readonly<Record<Language, T>>;

/** TypeScript checks that both have the same gaps. */
export const both = <T>(en: T, ko: NoInfer<T>): Words<T> => ({ en, ko });
