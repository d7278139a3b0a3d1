#include "plan/rows.h"

#include <algorithm>
#include <optional>

#include "ops/conv2d.h"
#include "ops/conv_transpose2d.h"
#include "ops/depthwise_conv2d.h"
#include "ops/fully_connected.h"
#include "ops/pool.h"
#include "ops/transpose.h"

namespace mote {

namespace {

// The vertical axis of a window: tap k of output row o reads row (o * stride + k * step + offset) / divisor
// where that is whole and inside the image.
struct Column {
  std::int64_t in, out, taps, stride, step, offset, divisor;

  // Of the rows of one image, those that rows [begin, end) of the output read.
  RowRange of(RowRange output) const {
    RowRange range{in, 0};
    for (const std::int64_t o : {output.begin, output.end - 1})
      for (std::int64_t k = 0; k < taps; ++k) {
        // a row that falls between input rows bounds those of its neighbours
        const std::int64_t at = o * stride + k * step + offset;
        const std::int64_t row = at >= 0 ? at / divisor : -1;
        range.begin = std::min(range.begin, std::max<std::int64_t>(row, 0));
        range.end = std::max(range.end, std::min(row + 1, in));
      }
    return range;
  }
};

std::optional<Column> column_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto plain = [&](const auto& op, std::int64_t taps) {
    return Column{graph.type(node.inputs[0]).shape[1],
                  graph.type(node.outputs[0]).shape[1],
                  taps,
                  op.stride[0],
                  op.dilation[0],
                  -op.padding[0],
                  1};
  };
  const auto weight_rows = [&] { return graph.type(node.inputs[1]).shape[1]; };
  if (const auto* conv = node.as<Conv2D>()) return plain(*conv, weight_rows());
  if (const auto* depthwise = node.as<DepthwiseConv2D>()) return plain(*depthwise, weight_rows());
  if (const auto* pool = node.as<Pool>()) return plain(*pool, pool->window[0]);
  if (const auto* transposed = node.as<ConvTranspose2D>()) {
    Column c = plain(*transposed, weight_rows());
    c.stride = 1;
    c.step = -transposed->dilation[0];
    c.offset = transposed->padding[0];
    c.divisor = transposed->stride[0];
    return c;
  }
  return std::nullopt;
}

}  // namespace

RowRange rows_needed(const Graph& graph, NodeId id, std::size_t i, RowRange output) {
  const Node& node = graph.node(id);
  const TensorType& x = graph.type(node.inputs[i]);
  const TensorType& y = graph.type(node.outputs[0]);
  const RowRange all{0, row_count(x)};
  if (output.empty()) return {};
  if (const auto column = column_of(graph, id)) {
    if (i != 0) return all;
    const std::int64_t first = output.begin / column->out;
    const std::int64_t last = (output.end - 1) / column->out;
    const RowRange head = column->of(
        {output.begin % column->out, first == last ? (output.end - 1) % column->out + 1 : column->out});
    const RowRange tail = first == last ? head : column->of({0, (output.end - 1) % column->out + 1});
    return {first * column->in + head.begin, last * column->in + tail.end};
  }
  if (node.as<FullyConnected>()) return i == 0 && row_count(x) == row_count(y) ? output : all;
  return x.shape == y.shape && !node.as<Transpose>() ? output : all;
}

bool reads_windows(const Graph& graph, NodeId id) {
  return column_of(graph, id).has_value() || graph.node(id).as<FullyConnected>();
}

}  // namespace mote
