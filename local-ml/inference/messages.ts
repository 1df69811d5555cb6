import type { Tensors } from './tensor.ts';

/** What the inference process is asked. The model comes as bytes: it opens no file for it. */
export type ChildOrder =
  | { readonly id: number; readonly kind: 'load'; readonly key: string; readonly model: Uint8Array }
  | { readonly id: number; readonly kind: 'forget'; readonly key: string }
  | { readonly id: number; readonly kind: 'run'; readonly key: string; readonly inputs: Tensors };

/** `cpuMs`: what the process has used of the processor since it began. */
export type ChildAnswer = { readonly id: number; readonly cpuMs: number } & (
  | { readonly outputs: Tensors }
  | { readonly failure: string }
);

/** An order without its number. */
export type ChildWish = ChildOrder extends infer Order ? (Order extends ChildOrder ? Omit<Order, 'id'> : never) : never;
