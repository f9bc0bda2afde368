// The folders below the command line write English. src/host/korean has the Korean of their texts.
import { toKorean } from '../../korean/translate.ts';
import { both } from './words.ts';

export const errorMessages = {
  /** Translates an error, a hint, a warning, the detail of a step, or a line of the doctor. */
  fromEnglish: both(
    (english: string) => english,
    (english) => toKorean(english),
  ),
};
