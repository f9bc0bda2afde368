// Rewrites the links in a page that comes through the proxy, so that they lead through the proxy again.
import { decodeHTMLAttribute } from 'entities';
import { Tokenizer } from 'htmlparser2';

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
const urlAttributes: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
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
  }),
);

interface Value {
  readonly start: number;
  readonly end: number;
}

/** Only the values of links change. Everything else stays byte for byte, as in a page with errors. */
export const rewriteLinks = (html: string, rewriting: Rewriting): string => {
  let result = '';
  let position = 0;
  for (const { start, end } of linksIn(html)) {
    result += html.slice(position, start) + rewriteValue(html.slice(start, end), rewriting);
    position = end;
  }
  return result + html.slice(position);
};

const rewriteValue = (raw: string, rewriting: Rewriting): string => {
  const url = decodeHTMLAttribute(raw);
  const rewritten = rewriteUrl(url, rewriting);
  if (rewritten === url) return raw;
  // The page's own way of writing characters is kept where the URL only gets the prefix.
  const kept = url === raw ? rewritten : rewriteUrl(raw, rewriting);
  return decodeHTMLAttribute(kept) === rewritten
    ? kept
    : rewritten.replace(/[&"']/g, (char) => `&#${char.charCodeAt(0)};`);
};

/** Where the values of links are, without their quotes. */
const linksIn = (html: string): Value[] => {
  const links: Value[] = [];
  let names: readonly string[] = [];
  let isLink = false;
  let value: Value | undefined;
  const ignore = (): void => {};
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname: (start, end) => {
        names = urlAttributes.get(html.slice(start, end).toLowerCase()) ?? [];
      },
      onattribname: (start, end) => {
        isLink = names.includes(html.slice(start, end).toLowerCase());
        value = undefined;
      },
      onattribdata: (start, end) => {
        value = { start: value?.start ?? start, end };
      },
      onattribend: () => {
        if (isLink && value) links.push(value);
      },
      onattribentity: ignore,
      oncdata: ignore,
      onclosetag: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onopentagend: ignore,
      onprocessinginstruction: ignore,
      onselfclosingtag: ignore,
      ontext: ignore,
      ontextentity: ignore,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return links;
};
