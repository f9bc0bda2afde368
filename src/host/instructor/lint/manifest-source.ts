// Finds the manifests of a lab: here-documents in texts, texts in scripts, and files.
import { glossaryFile } from '../../lab/glossary.ts';
import { labFile } from '../../lab/load.ts';
import { blocksOf } from './blocks.ts';
import { filled } from './filled.ts';
import type { Spot } from './finding.ts';
import type { LabSource } from './source.ts';

export interface Manifest {
  readonly content: string;
  /** Words stand for values that only the running script knows, so mistakes in the YAML prove nothing. */
  readonly hasGaps: boolean;
  /** The place of a character: line and column from 0. */
  spot(line: number, column: number): Spot;
}

const looksLikeManifest = (text: string): boolean => /^\s*["']?(apiVersion|kind)["']?\s*:/m.test(text);

export const manifestsOf = (source: LabSource): readonly Manifest[] => [
  ...source.texts.flatMap(blocksOf).flatMap((block) => documentsIn(block)),
  ...[...source.scripts.values()].flatMap(({ texts }) =>
    texts
      .filter(({ content }) => /^\s*apiVersion:/m.test(content))
      .map(({ content, isPlain, spot }) => ({ content, hasGaps: !isPlain, spot })),
  ),
  ...[...source.files]
    .filter(([file, content]) => isManifestFile(file) && looksLikeManifest(content))
    .map(([file, content]) => ({
      content: filled(content, source),
      hasGaps: false,
      spot: (line: number, column: number): Spot => ({ file, line: line + 1, column: column + 1 }),
    })),
];

const isManifestFile = (file: string): boolean =>
  /\.(ya?ml|json)$/.test(file) && ![labFile, glossaryFile].includes(file) && !/^(package|tsconfig|biome)\b/.test(file);

interface Lines {
  readonly lines: readonly string[];
  spot(line: number, column: number): Spot;
}

/** The here-documents of a block that look like manifests. */
const documentsIn = ({ lines, spot }: Lines): readonly Manifest[] => {
  const found: Manifest[] = [];
  for (let row = 0; row < lines.length; row++) {
    const [, word] = /(?<!<)<<-?\s*['"]?(\w+)/.exec(lines[row] ?? '') ?? [];
    if (word === undefined) continue;
    const first = row + 1;
    const length = lines.slice(first).findIndex((line) => line.trim() === word);
    if (length === -1) break;
    const content = lines.slice(first, first + length).join('\n');
    if (looksLikeManifest(content))
      found.push({
        content,
        hasGaps: /\$[\w{(]/.test(content),
        spot: (line, column) => spot(first + line, column),
      });
    row = first + length;
  }
  return found;
};
