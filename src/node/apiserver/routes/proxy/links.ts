// Rewrites the links in a page that comes through the proxy, so that they lead through the proxy again.

/** How a page's URLs become URLs of the API server. */
export interface Rewriting {
  /** The path of the proxy: `/api/v1/namespaces/default/pods/web/proxy`. */
  readonly prefix: string;
  /** Names of the server itself, in URLs with a host: the backend, and the Host header of the request. */
  readonly hosts: readonly string[];
}

/** Changes only a URL that names a path from the root of the same server. */
export const rewriteUrl = (text: string, { prefix, hosts }: Rewriting): string => {
  const [, origin = '', host = '', rest = ''] = /^((?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?)(.*)$/is.exec(text) ?? [];
  const isOther = host !== '' && !hosts.includes(host);
  const hasScheme = origin !== '' && host === '';
  if (isOther || hasScheme || !(rest.startsWith('/') || (host !== '' && rest === ''))) return text;
  return rest === prefix || rest.startsWith(`${prefix}/`) ? rest : `${prefix}${rest === '' ? '/' : rest}`;
};

/** Elements and those of their attributes that hold a URL. */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  track: ['src'],
  video: ['poster', 'src'],
};

/** A comment, or a start tag with its attributes. */
const piece =
  /<!--[\s\S]*?-->|<([a-z][a-z0-9-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?|\s*\/)*)\s*>/gi;
const attribute = /(\s)([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;
/** The content of these elements is text, in which nothing is a tag. */
const rawText = /^(script|style|textarea|title)$/i;

export const rewriteLinks = (html: string, rewriting: Rewriting): string => {
  let result = '';
  let position = 0;
  piece.lastIndex = 0;
  for (let match = piece.exec(html); match; match = piece.exec(html)) {
    const [whole, name, attributes = ''] = match;
    result += html.slice(position, match.index);
    position = piece.lastIndex;
    if (name === undefined) {
      result += whole;
      continue;
    }
    const rewritten = rewriteAttributes(attributes, urlAttributes[name.toLowerCase()] ?? [], rewriting);
    result += `<${name}${rewritten}${whole.slice(1 + name.length + attributes.length)}`;
    if (!rawText.test(name)) continue;
    const end = html.slice(position).search(new RegExp(`</${name}`, 'i'));
    if (end < 0) break;
    result += html.slice(position, position + end);
    position += end;
    piece.lastIndex = position;
  }
  return result + html.slice(position);
};

const rewriteAttributes = (attributes: string, names: readonly string[], rewriting: Rewriting): string =>
  names.length === 0
    ? attributes
    : attributes.replace(attribute, (whole: string, space: string, name: string, equals: string, value: string) => {
        if (!names.includes(name.toLowerCase())) return whole;
        const quote = /^["']/.exec(value)?.[0] ?? '';
        const url = quote === '' ? value : value.slice(1, -1);
        return `${space}${name}${equals}${quote}${rewriteUrl(url, rewriting)}${quote}`;
      });
