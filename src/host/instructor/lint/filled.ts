// A text with the values of the lab's parameters, as far as they are known.
import { fillText } from '../../lab/params.ts';
import type { LabSource } from './source.ts';

/** A text that uses a parameter that the lab lacks stays as it is: another rule names it. */
export const filled = (text: string, { lab }: Pick<LabSource, 'lab'>): string => {
  try {
    return fillText(text, lab?.params ?? {});
  } catch {
    return text;
  }
};
