// Finds the inline code, the links and the headings of a Markdown page.

/** The page without fenced and indented code blocks. */
const prose = (text: string): string =>
  text.replace(/^( *)```[\s\S]*?^\1```$/gm, '').replace(/^(?: {4}|\t)(?![-*\d]).*$/gm, '');

export const inlineCode = (text: string): string[] =>
  [...prose(text).matchAll(/(`+)(.+?)\1/g)].map(([, , code = '']) => code.trim());

/** The targets of links, without links to other sites. */
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

/** Whether inline code is a path in the repository, and not a command, URL, absolute path, placeholder or pattern. */
export const isPath = (code: string): boolean =>
  /^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(code) && (/\/[\w.]/.test(code) || extension.test(code) || /^[a-z]+\/$/.test(code));

/** The identifier, if inline code is one identifier with a capital inside: `gradeLab`, `LabError`, `rulesOf()`. */
export const identifierIn = (code: string): string | undefined =>
  /^(_?[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)(?:\(\))?$/.exec(code)?.[1];
