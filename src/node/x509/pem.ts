// PEM: DER as text.

/** The bytes of the first block. Undefined without a block, or when its title is another one. */
export const fromPem = (text: string, title: string): Buffer | undefined => {
  const [, found, body = ''] = /-----BEGIN ([^-]+)-----\s+([\s\S]*?)-----END \1-----/.exec(text) ?? [];
  return found === title && /^[\w+/=\s]+$/.test(body) ? Buffer.from(body, 'base64') : undefined;
};

export const toPem = (bytes: Buffer, title: string): string => {
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${title}-----\n${lines}\n-----END ${title}-----\n`;
};
