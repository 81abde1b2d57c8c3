using System.Runtime.InteropServices;
using Torchyard.Gpus.Cuda;
using Torchyard.Machine.Libraries;

namespace Torchyard.Gpus.Nccl;

/// <summary>ncclDataType_t (nccl.h), those used here.</summary>
internal enum NcclDataType
{
    Int32 = 2,
    Float32 = 7,
}

/// <summary>NCCL (nccl.h, since 2.7) through function pointers.</summary>
internal sealed unsafe class NcclLibrary
{
    private const int Sum = 0;

    private readonly delegate* unmanaged<int*, int> _getVersion;
    private readonly delegate* unmanaged<nint*, int, int*, int> _commInitAll;
    private readonly delegate* unmanaged<nint, int> _commDestroy;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;
    private readonly delegate* unmanaged<int> _groupStart;
    private readonly delegate* unmanaged<int> _groupEnd;
    private readonly delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<ulong, ulong, nuint, NcclDataType, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int> _reduceScatter;
    private readonly delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int> _broadcast;
    private readonly delegate* unmanaged<ulong, nuint, NcclDataType, int, nint, nint, int> _send;
    private readonly delegate* unmanaged<ulong, nuint, NcclDataType, int, nint, nint, int> _receive;

    private NcclLibrary(NativeSymbols library, List<string> missing)
    {
        Path = library.Path;
        _getVersion = (delegate* unmanaged<int*, int>)library.Need("ncclGetVersion", missing);
        _commInitAll = (delegate* unmanaged<nint*, int, int*, int>)library.Need("ncclCommInitAll", missing);
        _commDestroy = (delegate* unmanaged<nint, int>)library.Need("ncclCommDestroy", missing);
        _getErrorString = (delegate* unmanaged<int, byte*>)library.Need("ncclGetErrorString", missing);
        _groupStart = (delegate* unmanaged<int>)library.Need("ncclGroupStart", missing);
        _groupEnd = (delegate* unmanaged<int>)library.Need("ncclGroupEnd", missing);
        _allReduce = (delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int>)library.Need("ncclAllReduce", missing);
        _allGather = (delegate* unmanaged<ulong, ulong, nuint, NcclDataType, nint, nint, int>)library.Need("ncclAllGather", missing);
        _reduceScatter = (delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int>)
            library.Need("ncclReduceScatter", missing);
        _broadcast = (delegate* unmanaged<ulong, ulong, nuint, NcclDataType, int, nint, nint, int>)library.Need("ncclBroadcast", missing);
        _send = (delegate* unmanaged<ulong, nuint, NcclDataType, int, nint, nint, int>)library.Need("ncclSend", missing);
        _receive = (delegate* unmanaged<ulong, nuint, NcclDataType, int, nint, nint, int>)library.Need("ncclRecv", missing);
    }

    public string Path { get; }

    /// <summary>Loads the library; null when it is absent or incomplete.</summary>
    public static NcclLibrary? TryLoad(string path, out string problem)
    {
        if (NativeSymbols.TryLoad(path, out problem) is not { } library)
        {
            return null;
        }

        var missing = new List<string>();
        var loaded = new NcclLibrary(library, missing);
        if (missing.Count == 0)
        {
            return loaded;
        }

        problem = $"{path} lacks {string.Join(", ", missing)}";
        return null;
    }

    /// <summary>Version as <c>major.minor.patch</c> (nccl.h, NCCL_VERSION: from 2.9 on 10000·major + 100·minor + patch).</summary>
    public string Version()
    {
        int version;
        if (_getVersion(&version) != 0)
        {
            return "unknown";
        }

        return version >= 10000
            ? $"{version / 10000}.{version / 100 % 100}.{version % 100}"
            : $"{version / 1000}.{version / 100 % 10}.{version % 100}";
    }

    /// <summary>One communicator for each device, all in this process.</summary>
    public nint[] CreateAll(int[] devices)
    {
        var communicators = new nint[devices.Length];
        fixed (nint* first = communicators)
        fixed (int* list = devices)
        {
            Check(_commInitAll(first, devices.Length, list), "ncclCommInitAll");
        }

        return communicators;
    }

    public void Destroy(nint communicator) => _ = _commDestroy(communicator);

    public void GroupStart() => Check(_groupStart(), "ncclGroupStart");

    public void GroupEnd() => Check(_groupEnd(), "ncclGroupEnd");

    public void AllReduce(ulong from, ulong to, long count, NcclDataType type, nint communicator, nint stream) =>
        Check(_allReduce(from, to, (nuint)count, type, Sum, communicator, stream), "ncclAllReduce");

    public void AllGather(ulong from, ulong to, long sendCount, NcclDataType type, nint communicator, nint stream) =>
        Check(_allGather(from, to, (nuint)sendCount, type, communicator, stream), "ncclAllGather");

    public void ReduceScatter(ulong from, ulong to, long receiveCount, NcclDataType type, nint communicator, nint stream) =>
        Check(_reduceScatter(from, to, (nuint)receiveCount, type, Sum, communicator, stream), "ncclReduceScatter");

    public void Broadcast(ulong from, ulong to, long count, NcclDataType type, int root, nint communicator, nint stream) =>
        Check(_broadcast(from, to, (nuint)count, type, root, communicator, stream), "ncclBroadcast");

    public void Send(ulong from, long count, NcclDataType type, int peer, nint communicator, nint stream) =>
        Check(_send(from, (nuint)count, type, peer, communicator, stream), "ncclSend");

    public void Receive(ulong to, long count, NcclDataType type, int peer, nint communicator, nint stream) =>
        Check(_receive(to, (nuint)count, type, peer, communicator, stream), "ncclRecv");

    private void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new GpuCallException(call, result, Marshal.PtrToStringUTF8((nint)_getErrorString(result)) ?? "unknown error");
        }
    }
}
