// The type of a table of this folder.

/**
 * English → Korean. The English is the text of the source, with `{gap}` for what the source fills in. The Korean uses
 * the same gaps, in any order. A text in a gap, such as the cause of an error, is translated, too.
 */
export type Sentences = Readonly<Record<string, string>>;
