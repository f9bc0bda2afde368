// Parses YAML that a student wrote. The parser compares each key of a map with all others, and its time grows faster
// than the text. So the text is short, and this file looks for equal keys itself.
import { type Document, isScalar, parseDocument, visit } from 'yaml';

/** Answers to a hundred questions have a tenth of it. */
export const mostYamlBytes = 1 << 16;
const mostAliases = 100;

/** What is wrong with a text that may be valid YAML. */
export class YamlRefused extends Error {
  readonly why: 'large' | 'aliases' | 'twice';
  /** The key that comes twice. */
  readonly key: string;
  constructor(why: YamlRefused['why'], key = '') {
    super(why);
    this.why = why;
    this.key = key;
  }
}

/** @throws YamlRefused; YAMLError with its place in the text */
export const parseYaml = (text: string): unknown => {
  if (Buffer.byteLength(text) > mostYamlBytes) throw new YamlRefused('large');
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw error;
  refuseOdd(document);
  return document.toJS();
};

const refuseOdd = (document: Document.Parsed): void => {
  let aliases = 0;
  visit(document, {
    Alias() {
      aliases += 1;
      // Each one is looked up in the whole document.
      if (aliases > mostAliases) throw new YamlRefused('aliases');
    },
    Map(_, { items }) {
      const keys = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (keys.has(name)) throw new YamlRefused('twice', name);
        keys.add(name);
      }
    },
  });
};
