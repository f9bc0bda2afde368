// Makes a text safe to show in one line: a page, a name or a log line of a student's may hold anything.

/**
 * Control characters, and characters that change the direction of text or are invisible (Unicode categories Cc and Cf),
 * become visible: `\x1b`, `\u202e`. Line breaks and tabs become a space.
 */
export const printable = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}]/gu, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
  });
