using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Nccl;

namespace Torchyard.Reports.Verify;

/// <summary>NCCL over all GPUs of this process, each collective with a result that is known exactly: small whole numbers in FP32.</summary>
internal sealed class CollectiveProof : IDisposable
{
    private const int Elements = 1 << 20;

    private readonly IReadOnlyList<GpuContext> _gpus;
    private readonly NcclLibrary _nccl;
    private readonly nint[] _communicators;
    private readonly DeviceMemory[] _send;
    private readonly DeviceMemory[] _receive;

    public CollectiveProof(IReadOnlyList<GpuContext> gpus, NcclLibrary nccl)
    {
        (_gpus, _nccl) = (gpus, nccl);
        _communicators = nccl.CreateAll([.. gpus.Select(g => g.Ordinal)]);
        _send = new DeviceMemory[gpus.Count];
        _receive = new DeviceMemory[gpus.Count];
        var values = new float[Elements];
        for (var rank = 0; rank < gpus.Count; rank++)
        {
            gpus[rank].MakeCurrent();
            _send[rank] = gpus[rank].Allocate(Elements * sizeof(float));
            _receive[rank] = gpus[rank].Allocate((long)Elements * sizeof(float) * gpus.Count);
            for (var i = 0; i < Elements; i++)
            {
                values[i] = Value(rank, i);
            }

            _send[rank].Upload<float>(values);
        }
    }

    private int Ranks => _gpus.Count;

    /// <summary>Every collective with its name, in the order in which they are to be run.</summary>
    public IEnumerable<(string Name, Func<(VerifyOutcome, string)> Run)> Proofs()
    {
        yield return ("all-reduce", () =>
            Run(
                (rank, comm, stream) =>
                    _nccl.AllReduce(_send[rank].Address, _receive[rank].Address, Elements, NcclDataType.Float32, comm, stream),
                Elements,
                (_, i) => Sum(i)
            )
        );
        yield return ("all-gather", () =>
            Run(
                (rank, comm, stream) =>
                    _nccl.AllGather(_send[rank].Address, _receive[rank].Address, Elements, NcclDataType.Float32, comm, stream),
                Elements * Ranks,
                (_, i) => Value(i / Elements, i % Elements)
            )
        );
        yield return ("reduce-scatter", () =>
            Run(
                (rank, comm, stream) =>
                    _nccl.ReduceScatter(_send[rank].Address, _receive[rank].Address, Elements / Ranks, NcclDataType.Float32, comm, stream),
                Elements / Ranks,
                (rank, i) => Sum(rank * (Elements / Ranks) + i)
            )
        );
        yield return ("broadcast", () =>
            Run(
                (rank, comm, stream) =>
                    _nccl.Broadcast(_send[rank].Address, _receive[rank].Address, Elements, NcclDataType.Float32, Ranks - 1, comm, stream),
                Elements,
                (_, i) => Value(Ranks - 1, i)
            )
        );
        yield return ("send and receive", () => Run(
                (rank, comm, stream) =>
                {
                    _nccl.Send(_send[rank].Address, Elements, NcclDataType.Float32, (rank + 1) % Ranks, comm, stream);
                    _nccl.Receive(_receive[rank].Address, Elements, NcclDataType.Float32, (rank + Ranks - 1) % Ranks, comm, stream);
                },
                Elements,
                (rank, i) => Value((rank + Ranks - 1) % Ranks, i)
            ));
    }

    public void Dispose()
    {
        for (var rank = 0; rank < Ranks; rank++)
        {
            _gpus[rank].MakeCurrent();
            _nccl.Destroy(_communicators[rank]);
            _send[rank].Dispose();
            _receive[rank].Dispose();
        }
    }

    private static float Value(int rank, int index) => index % 61 + rank;

    private float Sum(int index) => Ranks * (index % 61) + Ranks * (Ranks - 1) / 2;

    private (VerifyOutcome Outcome, string Detail) Run(Action<int, nint, nint> enqueue, int count, Func<int, int, float> expected)
    {
        foreach (var (gpu, rank) in _gpus.Select((g, r) => (g, r)))
        {
            gpu.MakeCurrent();
            gpu.Driver.FillBytesAsync(_receive[rank].Address, 0xff, _receive[rank].Bytes, gpu.Stream);
        }

        _nccl.GroupStart();
        for (var rank = 0; rank < Ranks; rank++)
        {
            _gpus[rank].MakeCurrent();
            enqueue(rank, _communicators[rank], _gpus[rank].Stream);
        }

        _nccl.GroupEnd();
        var values = new float[count];
        for (var rank = 0; rank < Ranks; rank++)
        {
            _gpus[rank].MakeCurrent();
            _gpus[rank].Synchronize();
            _receive[rank].Download<float>(values);
            for (var i = 0; i < count; i++)
            {
                if (values[i] != expected(rank, i))
                {
                    return (VerifyOutcome.Failed, $"rank {rank}, element {i}: {values[i]} instead of {expected(rank, i)}");
                }
            }
        }

        return (VerifyOutcome.Passed, Ranks == 1 ? "one GPU: the communicator works" : $"{Ranks} GPUs, every element right");
    }
}
