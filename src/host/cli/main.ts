// The program `labs`, from which dist/labs.js is bundled: the only place that ends the process.
import { main } from './run.ts';

// Whoever reads the output may stop reading (`labs grade | head`): that is no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

process.exitCode = await main(process.argv.slice(2), process);
// Sockets and streams to Docker must not keep a finished command alive.
process.exit();
