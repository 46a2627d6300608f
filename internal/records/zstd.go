package records

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// maxRaw is the most that a record may unfold to: what podtest writes is far below it.
const maxRaw = 64 << 20

// One coder of each kind, small windows and no goroutines of its own: the manager is to stay small.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20),
			zstd.WithLowerEncoderMem(true)) // fails for bad options only
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRaw))
		return d
	})
)

func compress(raw []byte) []byte { return encoder().EncodeAll(raw, nil) }

func decompress(data []byte) ([]byte, error) {
	raw, err := decoder().DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("decompressing a record: %w", err)
	}
	return raw, nil
}
