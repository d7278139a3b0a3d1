// Runs models in ONNX Runtime on the CPU:
//   node ort_run.mjs MODULES FOLDER...
// MODULES: folder of installed packages. Each FOLDER has model.onnx and input_K.npy for its inputs; the outputs are written
// beside them as output_K.npy.
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, ...folders] = process.argv.slice(2);
const ort = createRequire(join(resolve(modules), 'x.js'))('onnxruntime-node');

const types = {
  '<f4': ['float32', Float32Array], '|i1': ['int8', Int8Array], '|u1': ['uint8', Uint8Array],
  '<i2': ['int16', Int16Array], '<u2': ['uint16', Uint16Array], '<i4': ['int32', Int32Array], '|b1': ['bool', Uint8Array],
};

function readNpy(path) {
  const file = readFileSync(path);
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString('latin1', 10, start);
  const [name, Elements] = types[/'descr': '([^']+)'/.exec(header)[1]];
  const dims = /'shape': \(([^)]*)\)/.exec(header)[1].split(',').filter((d) => d.trim()).map(Number);
  const bytes = Uint8Array.from(file.subarray(start));
  return new ort.Tensor(name, new Elements(bytes.buffer), dims);
}

function writeNpy(path, tensor) {
  const descr = Object.keys(types).find((key) => types[key][0] === tensor.type);
  const shape = tensor.dims.length === 1 ? `${tensor.dims[0]},` : tensor.dims.join(', ');
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  const data = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header, 'latin1'), data]));
}

for (const folder of folders) {
  try {
    // as written: fused 8-bit kernels saturate intermediate sums on processors without dot-product instructions
    const options = { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' };
    const session = await ort.InferenceSession.create(join(folder, 'model.onnx'), options);
    const feeds = {};
    session.inputNames.forEach((name, k) => {
      const path = join(folder, `input_${k}.npy`);
      if (existsSync(path)) feeds[name] = readNpy(path);
    });
    const results = await session.run(feeds);
    session.outputNames.forEach((name, k) => writeNpy(join(folder, `output_${k}.npy`), results[name]));
    console.log(`${folder}: done`);
  } catch (error) {
    console.log(`${folder}: ${String(error.message ?? error).split('\n')[0]}`);
  }
}
