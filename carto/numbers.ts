type NumberArray =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;
type NumberArrayType<T extends NumberArray> = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBuffer): T;
};

const firstRoom = 1024;

/** A list of numbers of one type that grows. Its bytes are moved, not copied, where the system can do that. */
export class Numbers<T extends NumberArray> {
  length = 0;
  readonly #type: NumberArrayType<T>;
  #values: T;

  constructor(type: NumberArrayType<T>) {
    this.#type = type;
    this.#values = new type(firstRoom);
  }

  push(value: number): void {
    if (this.length === this.#values.length) this.#resize(Math.max(firstRoom, 2 * this.length));
    this.#values[this.length++] = value;
  }

  /** The values, without room for more. The list is empty afterwards. */
  take(): T {
    this.#resize(this.length);
    const values = this.#values;
    this.#values = new this.#type(0);
    this.length = 0;
    return values;
  }

  #resize(length: number): void {
    this.#values = new this.#type(this.#values.buffer.transfer(length * this.#type.BYTES_PER_ELEMENT));
  }
}
