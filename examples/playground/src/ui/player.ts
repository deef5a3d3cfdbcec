import { button } from './controls.ts';
import { h } from './dom.ts';

export interface Player {
  readonly element: HTMLElement;
  readonly playing: boolean;
  pause(): void;
}

/** Buttons that step through something, or let it run. `step` says whether there is more to come. */
export function player(what: string, stepMs: number, step: (by: 1 | -1) => boolean, backwards = true): Player {
  let timer: ReturnType<typeof setInterval> | undefined;
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = 'Play';
    play.setAttribute('aria-label', `Play ${what}`);
  };
  const play = button('Play', () => {
    if (timer !== undefined) return pause();
    play.textContent = 'Pause';
    play.setAttribute('aria-label', `Pause ${what}`);
    timer = setInterval(() => {
      if (!step(1)) pause();
    }, stepMs);
  });
  play.classList.add('primary', 'play');
  play.setAttribute('aria-label', `Play ${what}`);
  const by = (direction: 1 | -1) => () => {
    pause();
    step(direction);
  };
  return {
    element: h('div', { class: 'row player' }, play, backwards && button('Back', by(-1)), button('Step', by(1))),
    get playing() {
      return timer !== undefined;
    },
    pause,
  };
}
