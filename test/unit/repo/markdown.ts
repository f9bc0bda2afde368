// Reads what a Markdown page names: inline code, links and headings.

/** The page without code blocks: neither fenced nor indented ones. */
const prose = (text: string): string =>
  text.replace(/^( *)```[\s\S]*?^\1```$/gm, '').replace(/^(?: {4}|\t)(?![-*\d]).*$/gm, '');

export const inlineCode = (text: string): string[] =>
  [...prose(text).matchAll(/(`+)(.+?)\1/g)].map(([, , code = '']) => code.trim());

/** Targets of links, without those to other sites. */
export const relativeLinks = (text: string): string[] =>
  [
    ...prose(text)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** Anchors of a page's headings, as GitHub makes them. */
export const anchors = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ +(.+?) *$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const extension = /\.(ts|mjs|cjs|js|json|md|yaml|sh)$/;

/** Whether inline code can only be a path in the repository: no command, URL, absolute path, placeholder or pattern. */
export const isPath = (code: string): boolean =>
  /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(code) && (/\/[\w.]/.test(code) || extension.test(code) || /^[a-z]+\/$/.test(code));

/** The identifier that inline code consists of, if it has a capital inside: `gradeLab`, `LabError`, `rulesOf()`. */
export const identifierIn = (code: string): string | undefined =>
  /^(_?[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)(?:\(\))?$/.exec(code)?.[1];
