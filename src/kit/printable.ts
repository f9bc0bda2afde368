// Makes a text safe to show in one line: a page, a name or a log line of a student's may hold anything.

/**
 * Control characters, and characters that change the direction of text or are invisible (Unicode categories Cc and Cf),
 * become visible: `\x1b`, `\u202e`. Line breaks and tabs become a space.
 */
export const printable = (text: string): string => escapeControls(text.replace(/\s+/g, ' '));

/** As `printable`, for a line of a log: tabs and colours (ECMA-48 SGR) stay. */
export const printableLine = (line: string): string =>
  line
    // Every second part is a colour or a tab.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with ESC
    .split(/(\x1b\[[\d;:]*m|\t|\r$)/)
    .map((part, index) => (index % 2 === 0 ? escapeControls(part) : part))
    .join('');

/** The same data with all of its texts as `printable` makes them. */
export const printableData = <T>(data: T): T => {
  if (typeof data === 'string') return printable(data) as T;
  if (Array.isArray(data)) return data.map((each) => printableData(each)) as T;
  if (data === null || typeof data !== 'object' || Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, printableData(value)])) as T;
};

const escapeControls = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
  });
