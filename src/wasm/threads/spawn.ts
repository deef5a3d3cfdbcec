import { node } from '../host.ts';
import type { Report, Start } from './control.ts';

/** A worker of Node or of a browser, under one interface. */
export interface Thread {
  start(message: Start): void;
  /** Whether it keeps a process alive, which it does at first. */
  keepAlive(alive: boolean): void;
  terminate(): void;
  /** Is it known to have ended? Asked by a thread that waits, and gets no events. */
  isGone(): boolean;
}

interface Events {
  report(report: Report): void;
  /** It is no more, or never was. */
  end(reason: string): void;
}

/**
 * The address is written out where it is used: bundlers look for exactly that. Options of the command line are not for the worker,
 * which would refuse to start with some of them.
 */
export async function spawn(events: Events): Promise<Thread> {
  if (node) {
    const { Worker: NodeWorker } = node.getBuiltinModule('node:worker_threads');
    const worker = new NodeWorker(new URL('./worker.js', import.meta.url), { execArgv: [] });
    worker.on('message', events.report);
    worker.on('error', (error) => events.end(error.message));
    worker.on('exit', (code) => events.end(`exit code ${code}`));
    return {
      start: (message) => worker.postMessage(message),
      keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
      terminate: () => void worker.terminate(),
      isGone: () => {
        // Node can say how long the loop of a worker was idle and active, and of one that has ended says −1, or that it never ran.
        const spent = worker.performance?.eventLoopUtilization?.();
        return spent !== undefined && (spent.idle < 0 || spent.active <= 0);
      },
    };
  }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => events.report(data);
  worker.onerror = (event) => {
    event.preventDefault();
    events.end(event.message || 'its script cannot be loaded');
  };
  return {
    start: (message) => worker.postMessage(message),
    keepAlive: () => {},
    terminate: () => worker.terminate(),
    isGone: () => false,
  };
}
