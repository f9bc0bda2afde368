// The shared sentences of each language.
import type { Language } from '../../../api/lab.ts';
import { english, type Phrases } from './en.ts';
import { korean } from './ko.ts';

export const phrases: Readonly<Record<Language, Phrases>> = { en: english, ko: korean };
