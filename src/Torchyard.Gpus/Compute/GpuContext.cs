using System.Diagnostics;
using Torchyard.Gpus.Cuda;
using Torchyard.Platform.Text;

namespace Torchyard.Gpus.Compute;

/// <summary>One GPU made ready: its primary context, a stream, the kernels, and what allocates and times on it.</summary>
internal sealed class GpuContext : IDisposable
{
    private readonly int _device;
    private readonly nint _context;
    private readonly nint _module;
    private readonly Dictionary<string, nint> _kernels = new(StringComparer.Ordinal);
    private readonly nint _start;
    private readonly nint _end;

    public GpuContext(CudaDriver driver, int ordinal)
    {
        Driver = driver;
        Ordinal = ordinal;
        _device = driver.Device(ordinal);
        Name = driver.DeviceName(_device);
        Uuid = driver.Uuid(_device);
        ComputeMajor = driver.Attribute(CudaAttribute.ComputeCapabilityMajor, _device);
        ComputeMinor = driver.Attribute(CudaAttribute.ComputeCapabilityMinor, _device);
        Multiprocessors = driver.Attribute(CudaAttribute.MultiprocessorCount, _device);
        TotalMemory = driver.TotalMemory(_device);
        PciBusId = driver.PciBusId(_device);
        _context = driver.RetainPrimaryContext(_device);
        try
        {
            MakeCurrent();
            Stream = driver.CreateStream();
            _start = driver.CreateEvent();
            _end = driver.CreateEvent();
            _module = driver.LoadModule(EmbeddedText.Read(typeof(GpuContext), "Kernels.ptx"));
        }
        catch
        {
            driver.ReleasePrimaryContext(_device);
            throw;
        }
    }

    public CudaDriver Driver { get; }

    /// <summary>Number among the visible devices.</summary>
    public int Ordinal { get; }

    public string Name { get; }

    public string? Uuid { get; }

    public string PciBusId { get; }

    public int ComputeMajor { get; }

    public int ComputeMinor { get; }

    /// <summary>Compute capability as 10·major + minor.</summary>
    public int Capability => ComputeMajor * 10 + ComputeMinor;

    public int Multiprocessors { get; }

    public long TotalMemory { get; }

    /// <summary>CUdevice.</summary>
    public int Device => _device;

    public nint Handle => _context;

    public nint Stream { get; }

    /// <summary>Binds this GPU to the calling thread.</summary>
    public void MakeCurrent() => Driver.SetCurrent(_context);

    public DeviceMemory Allocate(long bytes) => new(Driver, bytes);

    /// <summary>Starts a kernel on the stream.</summary>
    public void Launch(string kernel, long blocksX, long blocksY, params ReadOnlySpan<ulong> arguments)
    {
        if (!_kernels.TryGetValue(kernel, out var function))
        {
            _kernels[kernel] = function = Driver.Function(_module, kernel);
        }

        Driver.Launch(function, checked((uint)blocksX), checked((uint)blocksY), 256, Stream, arguments);
    }

    public void Synchronize() => Driver.SynchronizeStream(Stream);

    /// <summary>Seconds that the GPU needs for what an action puts on the stream.</summary>
    public double Time(Action action)
    {
        Driver.RecordEvent(_start, Stream);
        action();
        Driver.RecordEvent(_end, Stream);
        Driver.SynchronizeEvent(_end);
        return Driver.ElapsedMilliseconds(_start, _end) / 1000.0;
    }

    /// <summary>
    /// Seconds for one call: warmed up, then timed in batches of at least <paramref name="batchSeconds"/> back to back, until
    /// <paramref name="totalSeconds"/> are spent; the median and the best batch.
    /// </summary>
    public Timing Measure(Action action, double batchSeconds = 0.02, double totalSeconds = 0.5)
    {
        action();
        Synchronize();
        var once = Math.Max(Time(action), 1e-7);
        var inBatch = (int)Math.Clamp(Math.Ceiling(batchSeconds / once), 1, 10_000);
        _ = Time(() => Repeat(action, inBatch));

        var batches = new List<double>();
        var clock = Stopwatch.StartNew();
        do
        {
            batches.Add(Time(() => Repeat(action, inBatch)) / inBatch);
        } while (batches.Count < 3 || (clock.Elapsed.TotalSeconds < totalSeconds && batches.Count < 1000));

        return Timing.Of(batches);
    }

    public void Dispose()
    {
        MakeCurrent();
        Driver.UnloadModule(_module);
        Driver.DestroyEvent(_start);
        Driver.DestroyEvent(_end);
        Driver.DestroyStream(Stream);
        Driver.ReleasePrimaryContext(_device);
    }

    private static void Repeat(Action action, int times)
    {
        for (var i = 0; i < times; i++)
        {
            action();
        }
    }
}

/// <summary>Seconds for one call over several batches.</summary>
internal readonly record struct Timing(double Median, double Best)
{
    public static Timing Of(List<double> seconds)
    {
        seconds.Sort();
        return new Timing(seconds[seconds.Count / 2], seconds[0]);
    }
}

/// <summary>Memory on a GPU, freed on dispose.</summary>
internal sealed class DeviceMemory(CudaDriver driver, long bytes) : IDisposable
{
    public ulong Address { get; private set; } = driver.Allocate(bytes);

    public long Bytes { get; } = bytes;

    public unsafe void Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)values.Length * sizeof(T), Bytes);
        fixed (T* from = values)
        {
            driver.CopyToDevice(Address, from, (long)values.Length * sizeof(T));
        }
    }

    public unsafe void Download<T>(Span<T> values, long offsetBytes = 0)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes + (long)values.Length * sizeof(T), Bytes);
        fixed (T* to = values)
        {
            driver.CopyToHost(to, Address + (ulong)offsetBytes, (long)values.Length * sizeof(T));
        }
    }

    public void Dispose()
    {
        driver.Free(Address);
        Address = 0;
    }
}
