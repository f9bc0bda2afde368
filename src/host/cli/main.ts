// The entry point of `labs`, bundled into dist/labs.js. Only this file ends the process.
import { main } from './run.ts';

// A closed pipe (`labs grade | head`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

process.exitCode = await main(process.argv.slice(2), process);
// Open sockets and streams to Docker must not keep a finished command alive.
process.exit();
