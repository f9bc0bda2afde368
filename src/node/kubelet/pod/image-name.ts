// Checks the grammar of an image's name before anything looks for the image, with the messages of the original. Pure.

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(
  `^(?:${host}/)?${component}(?:/${component})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@${digest})?$`,
);

/** @returns why the name cannot be the name of an image; undefined when it can */
export const imageNameProblem = (image: string): string | undefined => {
  const problem = grammarProblem(image);
  return problem && `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${problem}`;
};

const grammarProblem = (image: string): string | undefined => {
  if (/^[a-f0-9]{64}$/.test(image))
    return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`;
  const [domain, path] = split(image);
  const name = path.split(':')[0] ?? '';
  if (name !== name.toLowerCase()) return `invalid reference format: repository name (${name}) must be lowercase`;
  return reference.test(`${domain}/${path}`) ? undefined : 'invalid reference format';
};

/** The part before the first slash is a registry if it looks like a host. Otherwise Docker's registry is meant. */
const split = (image: string): [domain: string, path: string] => {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (isHost) return [first, rest.join('/')];
  return ['docker.io', rest.length > 0 ? image : `library/${image}`];
};
