// Compares answers by meaning: `10.244.1.2 port 3306` is `10.244.1.2:3306`, and `five rules` is `5`.
// The right answer has a form. An answer without this form is not understood, which is not the same as wrong.
import { isIPv4 } from 'node:net';
import { type Ipv4, ipv4ToNumber } from '../../../api/scalars.ts';

export const forms = ['endpoint', 'network', 'address', 'count', 'share', 'text'] as const;
export type Form = (typeof forms)[number];

export const formOf = (right: string): Form => {
  if (/^\d+\.\d+\.\d+\.\d+:\d+$/.test(right)) return 'endpoint';
  if (/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(right)) return 'network';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(right)) return 'address';
  if (/^\d+$/.test(right)) return 'count';
  return /^(\d*\.\d+|\d+(\.\d+)?%|\d+\/\d+)$/.test(right) ? 'share' : 'text';
};

export type Comparison =
  | { readonly understood: true; readonly right: boolean }
  /** The answer has none of these forms. */
  | { readonly understood: false; readonly forms: readonly Form[] };

/** @param rights each of them is right */
export const compareAnswer = (answer: string, rights: readonly string[]): Comparison => {
  const forms = [...new Set(rights.map(formOf))];
  const given = meaningsIn(answer, forms);
  if (given === undefined) return { understood: false, forms };
  return { understood: true, right: rights.some((right) => given.has(meaningOfRight(right))) };
};

export const meaningOfRight = (right: string): string => meaningOf(right, formOf(right)) ?? '';

/**
 * The meanings of the answer, one for each form. Undefined when it has none of the forms, or when several lines say
 * different things: nobody may try many answers at once.
 */
export const meaningsIn = (answer: string, forms: readonly Form[]): ReadonlySet<string> | undefined => {
  const lines = answer.split('\n').filter((line) => line.trim() !== '');
  const meanings = lines
    .map((line) => forms.flatMap((form) => meaningOf(line, form) ?? []))
    .filter((values) => values.length > 0);
  const [first] = meanings;
  const isOne = new Set(meanings.map((values) => values.join('\n'))).size === 1;
  return first !== undefined && isOne ? new Set(first) : undefined;
};

/** Two texts with the same value mean the same. Undefined when the text does not have the form. */
const meaningOf = (text: string, form: Form): string | undefined => {
  const clean = normalise(text);
  switch (form) {
    case 'endpoint':
      return endpointIn(clean);
    case 'network':
      return networkIn(clean);
    case 'address':
      return isAddress(clean) ? clean : undefined;
    case 'count':
      return countIn(clean);
    case 'share':
      return shareIn(clean);
    case 'text':
      return clean;
  }
};

/** Case, extra blanks, quotes, a full stop at the end and the full width of input methods (`５`) make no difference. */
export const normalise = (text: string): string =>
  text
    .normalize('NFKC')
    .trim()
    .replace(/^["'`“”‘’]+|["'`“”‘’.]+$/g, '')
    .replace(/\s+/g, ' ')
    .toLowerCase();

const isAddress = (text: string): text is Ipv4 => isIPv4(text);

/** `to:10.244.1.2:3306`, `10.244.1.2 port 3306`, `10.244.1.2, 3306` */
const endpointIn = (text: string): string | undefined => {
  const written = /^(?:to:|--to-destination[ =])? ?([\d.]+)(?: ?: ?|,? (?:port |포트 )?)(\d{1,5})(?: ?\/ ?tcp)?$/.exec(
    text,
  );
  const [, address = '', port] = written ?? [];
  return written && isAddress(address) && Number(port) <= 65_535 ? `${address}:${Number(port)}` : undefined;
};

/** `10.96.0.0 / 12`, or the first and the last address of a network. */
const networkIn = (text: string): string | undefined => {
  const [, address = '', bits] = /^([\d.]+) ?\/ ?(\d{1,2})$/.exec(text) ?? [];
  if (bits !== undefined) return isAddress(address) && Number(bits) <= 32 ? `${address}/${Number(bits)}` : undefined;
  const [, first = '', last = ''] = /^([\d.]+) ?(?:-|–|—|~|to|\.\.+|부터) ?([\d.]+)(?:까지)?$/.exec(text) ?? [];
  if (!isAddress(first) || !isAddress(last)) return undefined;
  const size = ipv4ToNumber(last) - ipv4ToNumber(first) + 1;
  const prefix = 32 - Math.log2(size);
  const isNetwork = size > 0 && Number.isInteger(prefix) && ipv4ToNumber(first) % size === 0;
  return isNetwork ? `${first}/${prefix}` : `${first}-${last}`;
};

const words = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
const koreanWords = '영 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열'.split(' ');
/** Before a unit: `네 개`. */
const koreanCounters = ['영', '한', '두', '세', '네', ...koreanWords.slice(5)];

/** `5`, `5 rules`, `five`, `5개`, `다섯 개` */
const countIn = (text: string): string | undefined => {
  const [, number = '', word = ''] = /^(?:(\d+)|([a-z]+|[가-힣]+?)) ?(?:개|[a-z]+( [a-z]+)?|규칙)?$/.exec(text) ?? [];
  if (number !== '') return String(Number(number));
  const known = [words, koreanWords, koreanCounters].map((list) => list.indexOf(word)).find((index) => index >= 0);
  return known === undefined ? undefined : String(known);
};

/** `.5`, `0.5000`, `50 %`, `1/2`, `half` */
const shareIn = (text: string): string | undefined => {
  if (/^(a |one )?half$|^절반$/.test(text)) return (0.5).toFixed(6);
  const [, number, percent] = /^(\d*\.?\d+) ?(%|percent|퍼센트)?$/.exec(text) ?? [];
  if (number !== undefined) return (Number(number) / (percent ? 100 : 1)).toFixed(6);
  const [, above, below] = /^(\d+) ?\/ ?(\d+)$/.exec(text) ?? [];
  return above !== undefined && Number(below) > 0 ? (Number(above) / Number(below)).toFixed(6) : undefined;
};
