/** What a page of the playground is. */
export interface Page {
  readonly element: HTMLElement;
  /** Ends what runs: animations, cameras, workers. */
  dispose?(): void;
}

export interface PageModule {
  create(): Page | Promise<Page>;
}
