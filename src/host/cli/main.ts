// The entry point of `labs`, bundled into dist/labs.js. Only this file ends the process.
import { ExitCode } from '../../kit/error.ts';
import { drained } from './drained.ts';
import { main } from './run.ts';

// Deprecated calls of a library are nothing that a user can change.
process.noDeprecation = true;

let unwritable: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A closed pipe (`labs grade | head`) is no error. A full disk (`labs grade > report`) is one.
    if (error.code !== 'EPIPE') unwritable ??= error;
  });

process.exitCode = await main(process.argv.slice(2), process);
// An error of the last write arrives later than the write.
await new Promise((resolve) => setImmediate(resolve));
await Promise.all([process.stdout, process.stderr].map(drained));
if (unwritable) {
  process.stderr.write(`error: The output could not be written: ${unwritable.message} [LAB_OUTPUT_UNWRITABLE]\n`);
  process.exitCode = ExitCode.broken;
  await drained(process.stderr);
}
// Open sockets and streams to Docker must not keep a finished command alive.
process.exit();
