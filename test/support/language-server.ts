// An editor without a screen: starts the real yaml-language-server over stdio, and asks it as an editor does.
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const program = fileURLToPath(
  new URL('../../node_modules/yaml-language-server/bin/yaml-language-server', import.meta.url),
);

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly uri?: string;
    readonly diagnostics?: readonly Diagnostic[];
    readonly items?: readonly object[];
  };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: Position };
}

/** From 0. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** The settings of an editor that looks for no schema in the internet. */
const settings = {
  ...{ validate: true, hover: true, completion: true, schemas: {} },
  ...{ schemaStore: { enable: false }, kubernetesCRDStore: { enable: false } },
};

export class Editor {
  readonly #server = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #diagnostics = new Map<string, PromiseWithResolvers<readonly Diagnostic[]>>();
  #received = Buffer.alloc(0);
  #requests = 0;

  /** @param folder that the editor shows */
  static async start(folder: string): Promise<Editor> {
    const editor = new Editor();
    editor.#server.stdout.on('data', (chunk: Buffer) => editor.#receive(chunk));
    const capabilities = { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } } };
    const rootUri = pathToFileURL(folder).href;
    await editor.#ask('initialize', { processId: process.pid, rootUri, capabilities, workspaceFolders: null });
    editor.#tell('initialized', {});
    editor.#tell('workspace/didChangeConfiguration', { settings: {} });
    return editor;
  }

  /** Shows a file with this text. @returns what the server marks in it */
  async open(file: string, text: string): Promise<readonly Diagnostic[]> {
    const uri = pathToFileURL(file).href;
    const marked = Promise.withResolvers<readonly Diagnostic[]>();
    this.#diagnostics.set(uri, marked);
    this.#tell('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } });
    return marked.promise;
  }

  /** The text that appears over a position. */
  async hover(file: string, position: Position): Promise<string> {
    const answer = await this.#ask('textDocument/hover', at(file, position));
    return (answer as { contents: { value: string } } | null)?.contents.value ?? '';
  }

  /** The words that the editor offers at a position. */
  async complete(file: string, position: Position): Promise<readonly string[]> {
    const { items } = (await this.#ask('textDocument/completion', at(file, position))) as {
      items: { label: string }[];
    };
    return items.map(({ label }) => label);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.once('exit', resolve));
    await this.#ask('shutdown', null);
    this.#tell('exit', null);
    await ended;
  }

  #ask(method: string, params: object | null): Promise<unknown> {
    const id = ++this.#requests;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer);
    this.#send({ id, method, params });
    return answer.promise;
  }

  #tell(method: string, params: object | null): void {
    this.#send({ method, params });
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      const [, length] = /Content-Length: (\d+)/.exec(this.#received.subarray(0, Math.max(end, 0)).toString()) ?? [];
      const start = end + 4;
      if (length === undefined || this.#received.length < start + Number(length)) return;
      const text = this.#received.subarray(start, start + Number(length)).toString();
      this.#received = this.#received.subarray(start + Number(length));
      this.#understand(JSON.parse(text));
    }
  }

  #understand({ id, method, params, result, error }: Message): void {
    if (method === undefined && id !== undefined) {
      if (error) this.#answers.get(id)?.reject(new Error(error.message));
      else this.#answers.get(id)?.resolve(result);
    } else if (id !== undefined) {
      const asked = method === 'workspace/configuration' ? (params?.items ?? []) : undefined;
      this.#send({
        id,
        result: asked?.map((item) => ('section' in item && item.section === 'yaml' ? settings : null)) ?? null,
      });
    } else if (method === 'textDocument/publishDiagnostics') {
      this.#diagnostics.get(params?.uri ?? '')?.resolve(params?.diagnostics ?? []);
    }
  }
}

const at = (file: string, position: Position): object => ({
  textDocument: { uri: pathToFileURL(file).href },
  position,
});
