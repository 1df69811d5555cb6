/** What a model file asks of a runtime: enough to say whether it may be run. */
export interface OnnxAsk {
  readonly ir: number;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Types of the operators, sorted, each once. */
  readonly ops: readonly string[];
  readonly nodes: number;
}

/** Operators that compute numbers from numbers: none reads a file, runs a loop or a graph of its own, or draws lots. */
// biome-ignore format: a list
const allowedOps: ReadonlySet<string> = new Set([
  'Abs', 'Add', 'AveragePool', 'BatchNormalization', 'Cast', 'Clip', 'Concat', 'Constant', 'ConstantOfShape', 'Conv', 'Div',
  'Equal', 'Erf', 'Exp', 'Expand', 'Flatten', 'Gather', 'GatherElements', 'GatherND', 'Gemm', 'GlobalAveragePool', 'Greater',
  'Identity', 'LayerNormalization', 'LeakyRelu', 'Less', 'Log', 'LogSoftmax', 'MatMul', 'Max', 'MaxPool', 'Min', 'Mul', 'Neg',
  'Pad', 'Pow', 'Range', 'Reciprocal', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceSum', 'Relu', 'Reshape', 'Shape', 'Sigmoid',
  'Slice', 'Softmax', 'Split', 'Sqrt', 'Squeeze', 'Sub', 'Sum', 'Tanh', 'Tile', 'Transpose', 'Unsqueeze', 'Where',
]);

const maxNodes = 2000;

/** Why a model file is not run, in words. */
export class OnnxRefusal extends Error {}

/**
 * Reads what a model file asks for, straight from its protobuf (onnx.proto3), and refuses with OnnxRefusal what no shipped
 * model needs: data outside of the file, graphs inside of operators, functions, operators of other domains or not on the
 * list. Looks at every byte of the structure before the runtime's own parser sees it.
 */
export function inspectOnnx(bytes: Uint8Array): OnnxAsk {
  const ops = new Set<string>();
  let [ir, opset, nodes, graphs] = [0, 0, 0, 0];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) ir = numberOf(field);
    else if (field.number === 7) {
      graphs++;
      nodes += inspectGraph(bytesOf(field), ops);
    } else if (field.number === 8) opset = Math.max(opset, inspectOpset(bytesOf(field)));
    else if (field.number === 20 || field.number === 25)
      throw new OnnxRefusal('it brings functions or training graphs');
  }
  if (graphs !== 1) throw new OnnxRefusal('it has not one graph');
  if (nodes === 0 || nodes > maxNodes) throw new OnnxRefusal(`it has ${nodes} operators`);
  return { ir, opset, nodes, ops: [...ops].sort() };
}

function inspectGraph(graph: Uint8Array, ops: Set<string>): number {
  let nodes = 0;
  for (const field of fieldsOf(graph)) {
    if (field.number === 1) {
      nodes++;
      inspectNode(bytesOf(field), ops);
    } else if (field.number === 5) inspectTensor(bytesOf(field));
    else if (field.number === 15) throw new OnnxRefusal('it has sparse weights');
  }
  return nodes;
}

function inspectNode(node: Uint8Array, ops: Set<string>): void {
  for (const field of fieldsOf(node)) {
    if (field.number === 4) ops.add(textOf(field));
    if (field.number === 5) inspectAttribute(bytesOf(field));
    if (field.number === 7 && !['', 'ai.onnx'].includes(textOf(field)))
      throw new OnnxRefusal('an operator is of another domain');
  }
  for (const op of ops) if (!allowedOps.has(op)) throw new OnnxRefusal('an operator is not on the list');
}

function inspectAttribute(attribute: Uint8Array): void {
  for (const field of fieldsOf(attribute)) {
    if ([6, 11, 22, 23].includes(field.number)) throw new OnnxRefusal('an operator holds a graph or sparse data');
    if (field.number === 5 || field.number === 10) inspectTensor(bytesOf(field));
  }
}

function inspectTensor(tensor: Uint8Array): void {
  for (const field of fieldsOf(tensor)) {
    if (field.number === 13) throw new OnnxRefusal('weights are in another file');
    if (field.number === 14 && numberOf(field) !== 0) throw new OnnxRefusal('weights are in another file');
  }
}

function inspectOpset(entry: Uint8Array): number {
  let version = 0;
  for (const field of fieldsOf(entry)) {
    if (field.number === 1 && !['', 'ai.onnx'].includes(textOf(field)))
      throw new OnnxRefusal('it needs another operator set');
    if (field.number === 2) version = numberOf(field);
  }
  return version;
}

interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/** The fields of one protobuf message. Throws on what is not one. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = { at: 0 };
  while (cursor.at < message.length) {
    const key = varint(message, cursor);
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) yield { number, value: varint(message, cursor) };
    else if (type === 2) yield { number, value: take(message, cursor, varint(message, cursor)) };
    else if (type === 5) yield { number, value: take(message, cursor, 4) };
    else if (type === 1) yield { number, value: take(message, cursor, 8) };
    else throw new OnnxRefusal('it is not a model file');
  }
}

function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; shift < 10; shift++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw new OnnxRefusal('it ends in the middle');
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) return value;
  }
  throw new OnnxRefusal('it is not a model file');
}

function take(bytes: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  if (cursor.at + length > bytes.length) throw new OnnxRefusal('it ends in the middle');
  cursor.at += length;
  return bytes.subarray(cursor.at - length, cursor.at);
}

function bytesOf({ value }: Field): Uint8Array {
  if (typeof value === 'number') throw new OnnxRefusal('it is not a model file');
  return value;
}

function numberOf({ value }: Field): number {
  if (typeof value !== 'number') throw new OnnxRefusal('it is not a model file');
  return value;
}

const textOf = (field: Field) => Buffer.from(bytesOf(field)).toString('latin1');
