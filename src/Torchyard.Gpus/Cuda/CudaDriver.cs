using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Machine.Libraries;

namespace Torchyard.Gpus.Cuda;

/// <summary>
/// The CUDA driver API (cuda.h) through function pointers. The <c>_v2</c> entry points used here exist since CUDA 4 and 11,
/// so any driver that runs a supported PyTorch has them.
/// </summary>
internal sealed unsafe class CudaDriver
{
    private readonly delegate* unmanaged<uint, CudaResult> _init;
    private readonly delegate* unmanaged<int*, CudaResult> _driverGetVersion;
    private readonly delegate* unmanaged<int*, CudaResult> _deviceGetCount;
    private readonly delegate* unmanaged<int*, int, CudaResult> _deviceGet;
    private readonly delegate* unmanaged<byte*, int, int, CudaResult> _deviceGetName;
    private readonly delegate* unmanaged<int*, CudaAttribute, int, CudaResult> _deviceGetAttribute;
    private readonly delegate* unmanaged<byte*, int, CudaResult> _deviceGetUuid;
    private readonly delegate* unmanaged<nuint*, int, CudaResult> _deviceTotalMem;
    private readonly delegate* unmanaged<byte*, int, int, CudaResult> _deviceGetPciBusId;
    private readonly delegate* unmanaged<nint*, int, CudaResult> _primaryContextRetain;
    private readonly delegate* unmanaged<int, CudaResult> _primaryContextRelease;
    private readonly delegate* unmanaged<nint, CudaResult> _contextSetCurrent;
    private readonly delegate* unmanaged<CudaResult> _contextSynchronize;
    private readonly delegate* unmanaged<int*, int, int, CudaResult> _deviceCanAccessPeer;
    private readonly delegate* unmanaged<nint, uint, CudaResult> _contextEnablePeerAccess;
    private readonly delegate* unmanaged<nuint*, nuint*, CudaResult> _memoryInfo;
    private readonly delegate* unmanaged<ulong*, nuint, CudaResult> _memoryAllocate;
    private readonly delegate* unmanaged<ulong, CudaResult> _memoryFree;
    private readonly delegate* unmanaged<void**, nuint, uint, CudaResult> _hostAllocate;
    private readonly delegate* unmanaged<void*, CudaResult> _hostFree;
    private readonly delegate* unmanaged<ulong, void*, nuint, CudaResult> _copyToDevice;
    private readonly delegate* unmanaged<void*, ulong, nuint, CudaResult> _copyToHost;
    private readonly delegate* unmanaged<ulong, void*, nuint, nint, CudaResult> _copyToDeviceAsync;
    private readonly delegate* unmanaged<void*, ulong, nuint, nint, CudaResult> _copyToHostAsync;
    private readonly delegate* unmanaged<ulong, ulong, nuint, nint, CudaResult> _copyOnDeviceAsync;
    private readonly delegate* unmanaged<ulong, nint, ulong, nint, nuint, nint, CudaResult> _copyPeerAsync;
    private readonly delegate* unmanaged<ulong, byte, nuint, nint, CudaResult> _fillBytesAsync;
    private readonly delegate* unmanaged<nint*, uint, CudaResult> _streamCreate;
    private readonly delegate* unmanaged<nint, CudaResult> _streamDestroy;
    private readonly delegate* unmanaged<nint, CudaResult> _streamSynchronize;
    private readonly delegate* unmanaged<nint*, uint, CudaResult> _eventCreate;
    private readonly delegate* unmanaged<nint, nint, CudaResult> _eventRecord;
    private readonly delegate* unmanaged<nint, CudaResult> _eventSynchronize;
    private readonly delegate* unmanaged<float*, nint, nint, CudaResult> _eventElapsedTime;
    private readonly delegate* unmanaged<nint, CudaResult> _eventDestroy;
    private readonly delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult> _moduleLoadData;
    private readonly delegate* unmanaged<nint, CudaResult> _moduleUnload;
    private readonly delegate* unmanaged<nint*, nint, byte*, CudaResult> _moduleGetFunction;
    private readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult> _launchKernel;
    private readonly delegate* unmanaged<nint, int, CudaResult> _streamBeginCapture;
    private readonly delegate* unmanaged<nint, nint*, CudaResult> _streamEndCapture;
    private readonly delegate* unmanaged<nint*, nint, ulong, CudaResult> _graphInstantiate;
    private readonly delegate* unmanaged<nint, nint, CudaResult> _graphLaunch;
    private readonly delegate* unmanaged<nint, CudaResult> _graphExecDestroy;
    private readonly delegate* unmanaged<nint, CudaResult> _graphDestroy;
    private readonly delegate* unmanaged<CudaResult, byte**, CudaResult> _getErrorName;

    private CudaDriver(NativeSymbols library, List<string> missing)
    {
        Path = library.Path;
        _init = (delegate* unmanaged<uint, CudaResult>)library.Need("cuInit", missing);
        _driverGetVersion = (delegate* unmanaged<int*, CudaResult>)library.Need("cuDriverGetVersion", missing);
        _deviceGetCount = (delegate* unmanaged<int*, CudaResult>)library.Need("cuDeviceGetCount", missing);
        _deviceGet = (delegate* unmanaged<int*, int, CudaResult>)library.Need("cuDeviceGet", missing);
        _deviceGetName = (delegate* unmanaged<byte*, int, int, CudaResult>)library.Need("cuDeviceGetName", missing);
        _deviceGetAttribute = (delegate* unmanaged<int*, CudaAttribute, int, CudaResult>)library.Need("cuDeviceGetAttribute", missing);
        // The first form gives a MIG device the UUID of its parent; the second is there since CUDA 11.4.
        _deviceGetUuid = (delegate* unmanaged<byte*, int, CudaResult>)library.FindFirst("cuDeviceGetUuid_v2", "cuDeviceGetUuid");
        _deviceTotalMem = (delegate* unmanaged<nuint*, int, CudaResult>)library.Need("cuDeviceTotalMem_v2", missing);
        _deviceGetPciBusId = (delegate* unmanaged<byte*, int, int, CudaResult>)library.Need("cuDeviceGetPCIBusId", missing);
        _primaryContextRetain = (delegate* unmanaged<nint*, int, CudaResult>)library.Need("cuDevicePrimaryCtxRetain", missing);
        _primaryContextRelease = (delegate* unmanaged<int, CudaResult>)library.Need("cuDevicePrimaryCtxRelease_v2", missing);
        _contextSetCurrent = (delegate* unmanaged<nint, CudaResult>)library.Need("cuCtxSetCurrent", missing);
        _contextSynchronize = (delegate* unmanaged<CudaResult>)library.Need("cuCtxSynchronize", missing);
        _deviceCanAccessPeer = (delegate* unmanaged<int*, int, int, CudaResult>)library.Need("cuDeviceCanAccessPeer", missing);
        _contextEnablePeerAccess = (delegate* unmanaged<nint, uint, CudaResult>)library.Need("cuCtxEnablePeerAccess", missing);
        _memoryInfo = (delegate* unmanaged<nuint*, nuint*, CudaResult>)library.Need("cuMemGetInfo_v2", missing);
        _memoryAllocate = (delegate* unmanaged<ulong*, nuint, CudaResult>)library.Need("cuMemAlloc_v2", missing);
        _memoryFree = (delegate* unmanaged<ulong, CudaResult>)library.Need("cuMemFree_v2", missing);
        _hostAllocate = (delegate* unmanaged<void**, nuint, uint, CudaResult>)library.Need("cuMemHostAlloc", missing);
        _hostFree = (delegate* unmanaged<void*, CudaResult>)library.Need("cuMemFreeHost", missing);
        _copyToDevice = (delegate* unmanaged<ulong, void*, nuint, CudaResult>)library.Need("cuMemcpyHtoD_v2", missing);
        _copyToHost = (delegate* unmanaged<void*, ulong, nuint, CudaResult>)library.Need("cuMemcpyDtoH_v2", missing);
        _copyToDeviceAsync = (delegate* unmanaged<ulong, void*, nuint, nint, CudaResult>)library.Need("cuMemcpyHtoDAsync_v2", missing);
        _copyToHostAsync = (delegate* unmanaged<void*, ulong, nuint, nint, CudaResult>)library.Need("cuMemcpyDtoHAsync_v2", missing);
        _copyOnDeviceAsync = (delegate* unmanaged<ulong, ulong, nuint, nint, CudaResult>)library.Need("cuMemcpyDtoDAsync_v2", missing);
        _copyPeerAsync = (delegate* unmanaged<ulong, nint, ulong, nint, nuint, nint, CudaResult>)library.Need("cuMemcpyPeerAsync", missing);
        _fillBytesAsync = (delegate* unmanaged<ulong, byte, nuint, nint, CudaResult>)library.Need("cuMemsetD8Async", missing);
        _streamCreate = (delegate* unmanaged<nint*, uint, CudaResult>)library.Need("cuStreamCreate", missing);
        _streamDestroy = (delegate* unmanaged<nint, CudaResult>)library.Need("cuStreamDestroy_v2", missing);
        _streamSynchronize = (delegate* unmanaged<nint, CudaResult>)library.Need("cuStreamSynchronize", missing);
        _eventCreate = (delegate* unmanaged<nint*, uint, CudaResult>)library.Need("cuEventCreate", missing);
        _eventRecord = (delegate* unmanaged<nint, nint, CudaResult>)library.Need("cuEventRecord", missing);
        _eventSynchronize = (delegate* unmanaged<nint, CudaResult>)library.Need("cuEventSynchronize", missing);
        _eventElapsedTime = (delegate* unmanaged<float*, nint, nint, CudaResult>)library.Need("cuEventElapsedTime", missing);
        _eventDestroy = (delegate* unmanaged<nint, CudaResult>)library.Need("cuEventDestroy_v2", missing);
        _moduleLoadData = (delegate* unmanaged<nint*, void*, uint, CudaJitOption*, void**, CudaResult>)
            library.Need("cuModuleLoadDataEx", missing);
        _moduleUnload = (delegate* unmanaged<nint, CudaResult>)library.Need("cuModuleUnload", missing);
        _moduleGetFunction = (delegate* unmanaged<nint*, nint, byte*, CudaResult>)library.Need("cuModuleGetFunction", missing);
        _launchKernel = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, CudaResult>)
            library.Need("cuLaunchKernel", missing);
        _streamBeginCapture = (delegate* unmanaged<nint, int, CudaResult>)library.Need("cuStreamBeginCapture_v2", missing);
        _streamEndCapture = (delegate* unmanaged<nint, nint*, CudaResult>)library.Need("cuStreamEndCapture", missing);
        _graphInstantiate = (delegate* unmanaged<nint*, nint, ulong, CudaResult>)library.Need("cuGraphInstantiateWithFlags", missing);
        _graphLaunch = (delegate* unmanaged<nint, nint, CudaResult>)library.Need("cuGraphLaunch", missing);
        _graphExecDestroy = (delegate* unmanaged<nint, CudaResult>)library.Need("cuGraphExecDestroy", missing);
        _graphDestroy = (delegate* unmanaged<nint, CudaResult>)library.Need("cuGraphDestroy", missing);
        _getErrorName = (delegate* unmanaged<CudaResult, byte**, CudaResult>)library.Need("cuGetErrorName", missing);
    }

    /// <summary>The library file.</summary>
    public string Path { get; }

    /// <summary>Loads the driver; null, with the reason, when it is absent or lacks a symbol.</summary>
    public static CudaDriver? TryLoad(string path, out string problem)
    {
        if (NativeSymbols.TryLoad(path, out problem) is not { } library)
        {
            return null;
        }

        var missing = new List<string>();
        var driver = new CudaDriver(library, missing);
        if (missing.Count == 0)
        {
            return driver;
        }

        problem = $"{path} lacks {string.Join(", ", missing)}: the driver is too old";
        return null;
    }

    public CudaResult Initialize() => _init(0);

    /// <summary>The newest CUDA that the driver serves, as 1000·major + 10·minor.</summary>
    public int DriverVersion()
    {
        int version;
        return _driverGetVersion(&version) == CudaResult.Success ? version : 0;
    }

    public int DeviceCount()
    {
        int count;
        Check(_deviceGetCount(&count), "cuDeviceGetCount");
        return count;
    }

    public int Device(int ordinal)
    {
        int device;
        Check(_deviceGet(&device, ordinal), "cuDeviceGet");
        return device;
    }

    public string DeviceName(int device)
    {
        var buffer = stackalloc byte[256];
        Check(_deviceGetName(buffer, 256, device), "cuDeviceGetName");
        return Marshal.PtrToStringUTF8((nint)buffer) ?? "";
    }

    public int Attribute(CudaAttribute attribute, int device)
    {
        int value;
        return _deviceGetAttribute(&value, attribute, device) == CudaResult.Success ? value : 0;
    }

    /// <summary>The UUID as NVML writes it, with <c>GPU-</c> before it; null where the driver is too old.</summary>
    public string? Uuid(int device)
    {
        if (_deviceGetUuid == null)
        {
            return null;
        }

        var bytes = stackalloc byte[16];
        if (_deviceGetUuid(bytes, device) != CudaResult.Success)
        {
            return null;
        }

        return "GPU-" + new Guid(new ReadOnlySpan<byte>(bytes, 16), bigEndian: true).ToString("D");
    }

    public long TotalMemory(int device)
    {
        nuint bytes;
        Check(_deviceTotalMem(&bytes, device), "cuDeviceTotalMem");
        return (long)bytes;
    }

    public string PciBusId(int device)
    {
        var buffer = stackalloc byte[32];
        return _deviceGetPciBusId(buffer, 32, device) == CudaResult.Success ? Marshal.PtrToStringUTF8((nint)buffer) ?? "" : "";
    }

    public nint RetainPrimaryContext(int device)
    {
        nint context;
        Check(_primaryContextRetain(&context, device), "cuDevicePrimaryCtxRetain");
        return context;
    }

    public void ReleasePrimaryContext(int device) => _ = _primaryContextRelease(device);

    public void SetCurrent(nint context) => Check(_contextSetCurrent(context), "cuCtxSetCurrent");

    public void Synchronize() => Check(_contextSynchronize(), "cuCtxSynchronize");

    public bool CanAccessPeer(int device, int peer)
    {
        int can;
        return _deviceCanAccessPeer(&can, device, peer) == CudaResult.Success && can != 0;
    }

    /// <summary>Lets the current context reach the memory of a peer.</summary>
    public void EnablePeerAccess(nint peerContext)
    {
        var result = _contextEnablePeerAccess(peerContext, 0);
        if (result != CudaResult.PeerAccessAlreadyEnabled)
        {
            Check(result, "cuCtxEnablePeerAccess");
        }
    }

    public (long Free, long Total) MemoryInfo()
    {
        nuint free,
            total;
        Check(_memoryInfo(&free, &total), "cuMemGetInfo");
        return ((long)free, (long)total);
    }

    public ulong Allocate(long bytes)
    {
        ulong address;
        Check(_memoryAllocate(&address, (nuint)bytes), "cuMemAlloc");
        return address;
    }

    public void Free(ulong address)
    {
        if (address != 0)
        {
            _ = _memoryFree(address);
        }
    }

    /// <summary>Page-locked host memory.</summary>
    public void* AllocateHost(long bytes)
    {
        void* memory;
        Check(_hostAllocate(&memory, (nuint)bytes, 0), "cuMemHostAlloc");
        return memory;
    }

    public void FreeHost(void* memory) => _ = _hostFree(memory);

    public void CopyToDevice(ulong to, void* from, long bytes) => Check(_copyToDevice(to, from, (nuint)bytes), "cuMemcpyHtoD");

    public void CopyToHost(void* to, ulong from, long bytes) => Check(_copyToHost(to, from, (nuint)bytes), "cuMemcpyDtoH");

    public void CopyToDeviceAsync(ulong to, void* from, long bytes, nint stream) =>
        Check(_copyToDeviceAsync(to, from, (nuint)bytes, stream), "cuMemcpyHtoDAsync");

    public void CopyToHostAsync(void* to, ulong from, long bytes, nint stream) =>
        Check(_copyToHostAsync(to, from, (nuint)bytes, stream), "cuMemcpyDtoHAsync");

    public void CopyOnDeviceAsync(ulong to, ulong from, long bytes, nint stream) =>
        Check(_copyOnDeviceAsync(to, from, (nuint)bytes, stream), "cuMemcpyDtoDAsync");

    public void CopyPeerAsync(ulong to, nint toContext, ulong from, nint fromContext, long bytes, nint stream) =>
        Check(_copyPeerAsync(to, toContext, from, fromContext, (nuint)bytes, stream), "cuMemcpyPeerAsync");

    public void FillBytesAsync(ulong address, byte value, long bytes, nint stream) =>
        Check(_fillBytesAsync(address, value, (nuint)bytes, stream), "cuMemsetD8Async");

    /// <summary>A stream that does not wait for the legacy default stream.</summary>
    public nint CreateStream()
    {
        const uint nonBlocking = 1;
        nint stream;
        Check(_streamCreate(&stream, nonBlocking), "cuStreamCreate");
        return stream;
    }

    public void DestroyStream(nint stream) => _ = _streamDestroy(stream);

    public void SynchronizeStream(nint stream) => Check(_streamSynchronize(stream), "cuStreamSynchronize");

    public nint CreateEvent()
    {
        nint created;
        Check(_eventCreate(&created, 0), "cuEventCreate");
        return created;
    }

    public void RecordEvent(nint marker, nint stream) => Check(_eventRecord(marker, stream), "cuEventRecord");

    public void SynchronizeEvent(nint marker) => Check(_eventSynchronize(marker), "cuEventSynchronize");

    /// <summary>Milliseconds between two recorded events.</summary>
    public float ElapsedMilliseconds(nint start, nint end)
    {
        float milliseconds;
        Check(_eventElapsedTime(&milliseconds, start, end), "cuEventElapsedTime");
        return milliseconds;
    }

    public void DestroyEvent(nint marker) => _ = _eventDestroy(marker);

    /// <summary>Compiles PTX for the current device; the compiler's words are part of the failure.</summary>
    public nint LoadModule(string ptx)
    {
        const int logBytes = 4096;
        var text = Encoding.ASCII.GetBytes(ptx + "\0");
        var log = stackalloc byte[logBytes];
        log[0] = 0;
        var options = stackalloc CudaJitOption[2] { CudaJitOption.ErrorLogBuffer, CudaJitOption.ErrorLogBufferBytes };
        var values = stackalloc void*[2] { log, (void*)logBytes };
        nint module;
        CudaResult result;
        fixed (byte* image = text)
        {
            result = _moduleLoadData(&module, image, 2, options, values);
        }

        if (result != CudaResult.Success)
        {
            throw new GpuCallException(
                "cuModuleLoadDataEx",
                (int)result,
                $"{ErrorName(result)} {Marshal.PtrToStringUTF8((nint)log)}".Trim()
            );
        }

        return module;
    }

    public void UnloadModule(nint module) => _ = _moduleUnload(module);

    public nint Function(nint module, string name)
    {
        var text = Encoding.ASCII.GetBytes(name + "\0");
        nint function;
        fixed (byte* bytes = text)
        {
            Check(_moduleGetFunction(&function, module, bytes), "cuModuleGetFunction");
        }

        return function;
    }

    /// <summary>Starts a kernel with one-dimensional blocks; each argument is eight bytes of the kernel's parameters.</summary>
    public void Launch(nint function, uint blocksX, uint blocksY, uint threads, nint stream, params ReadOnlySpan<ulong> arguments)
    {
        var copy = stackalloc ulong[16];
        var pointers = stackalloc void*[16];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arguments.Length, 16);
        for (var i = 0; i < arguments.Length; i++)
        {
            copy[i] = arguments[i];
            pointers[i] = &copy[i];
        }

        Check(_launchKernel(function, blocksX, blocksY, 1, threads, 1, 1, 0, stream, pointers, null), "cuLaunchKernel");
    }

    public void BeginCapture(nint stream)
    {
        const int threadLocal = 1;
        Check(_streamBeginCapture(stream, threadLocal), "cuStreamBeginCapture");
    }

    /// <summary>Ends a capture and makes what was captured launchable.</summary>
    public nint EndCapture(nint stream)
    {
        nint graph,
            executable;
        Check(_streamEndCapture(stream, &graph), "cuStreamEndCapture");
        var result = _graphInstantiate(&executable, graph, 0);
        _ = _graphDestroy(graph);
        Check(result, "cuGraphInstantiate");
        return executable;
    }

    public void LaunchGraph(nint graph, nint stream) => Check(_graphLaunch(graph, stream), "cuGraphLaunch");

    public void DestroyGraph(nint graph) => _ = _graphExecDestroy(graph);

    public string ErrorName(CudaResult result)
    {
        byte* name = null;
        return _getErrorName(result, &name) == CudaResult.Success ? Marshal.PtrToStringUTF8((nint)name) ?? "" : "unknown error";
    }

    public void Check(CudaResult result, string call)
    {
        if (result != CudaResult.Success)
        {
            throw new GpuCallException(call, (int)result, ErrorName(result));
        }
    }
}
