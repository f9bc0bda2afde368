// Links in Markdown: files of the lab that do not exist, headings that do not exist, addresses that are none.
import { posix } from 'node:path';
import { nearestPaths } from '../../../../kit/suggest.ts';
import { proseOf } from '../blocks.ts';
import { type Finding, finding, type Spot } from '../finding.ts';
import { meant } from '../meant.ts';
import type { LabSource } from '../source.ts';

/** `[text](target)` and `![text](target "title")`; `[name]: target` */
const inline = /\]\(\s*<?([^)\s>]*)>?(?:\s+["'(][^)]*)?\)/g;
const definition = /^\s{0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/g;

export const linkRules = (source: LabSource): readonly Finding[] => {
  const readmes = [...source.files].filter(([file]) => /^[^/]*\.md$/i.test(file));
  const pages = [
    ...source.texts.filter(({ isMarkdown }) => isMarkdown),
    ...readmes.map(([file, content]) => ({
      content,
      spot: (line: number, column: number): Spot => ({ file, line: line + 1, column: column + 1 }),
    })),
  ];
  return pages.flatMap((page) =>
    proseOf(page).flatMap(({ row, line }) =>
      // Code in a sentence holds no links.
      linksIn(line.replaceAll(/`[^`]*`/g, (code) => ' '.repeat(code.length))).flatMap(({ target, column }) =>
        linkProblem(target, page.spot(row, column), source),
      ),
    ),
  );
};

const linksIn = (line: string): readonly { readonly target: string; readonly column: number }[] =>
  [...line.matchAll(inline), ...line.matchAll(definition)].map(({ 0: all, 1: target = '', index }) => ({
    target,
    column: index + all.indexOf(target),
  }));

const linkProblem = (target: string, spot: Spot, { files }: LabSource): readonly Finding[] => {
  const dead = (en: string, ko: string): readonly Finding[] => [finding('dead-link', spot, en, ko)];
  if (target === '') return dead('this link leads nowhere: its target is empty', '가리키는 것이 없는 링크입니다');
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) {
    if (isAddress(target)) return [];
    return dead(`"${target}" is no address`, `주소가 아닙니다: "${target}"`);
  }
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? spot.file : posix.join(posix.dirname(spot.file), decode(path));
  const content = files.get(file);
  if (content === undefined && ![...files.keys()].some((each) => each.startsWith(`${file.replace(/\/$/, '')}/`))) {
    const near = meant(nearestPaths(file, [...files.keys()]));
    return dead(
      `there is no file "${file}" in the lab’s folder${near.en}`,
      `실습 폴더에 없는 파일: "${file}"${near.ko}`,
    );
  }
  if (
    anchor === undefined ||
    content === undefined ||
    !file.endsWith('.md') ||
    headings(content).includes(decode(anchor))
  )
    return [];
  return dead(`${file} has no heading "#${anchor}"`, `${file}에 없는 제목: "#${anchor}"`);
};

const isAddress = (target: string): boolean => {
  if (!URL.canParse(target)) return false;
  const { protocol, hostname } = new URL(target);
  return protocol === 'mailto:' || (/^(https?|ftp):$/.test(protocol) && hostname !== '');
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** As code hosts make anchors of headings. */
const headings = (content: string): readonly string[] =>
  proseOf({ content }).flatMap(({ line }) => {
    const [, words] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [];
    return words === undefined
      ? []
      : [
          words
            .toLowerCase()
            .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
            .replaceAll(/\s/g, '-'),
        ];
  });
