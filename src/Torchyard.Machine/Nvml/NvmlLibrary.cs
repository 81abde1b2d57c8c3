using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Machine.Libraries;

namespace Torchyard.Machine.Nvml;

/// <summary>
/// NVML (nvml.h) through function pointers looked up when they are first used. A function that this NVML lacks answers
/// <see cref="NvmlReturn.FunctionNotFound"/>, so an old driver makes values unknown and nothing else.
/// </summary>
internal sealed unsafe class NvmlLibrary
{
    private readonly NativeSymbols _library;
    private readonly Dictionary<string, nint> _functions = new(StringComparer.Ordinal);

    private NvmlLibrary(NativeSymbols library) => _library = library;

    public string Path => _library.Path;

    /// <summary>Loads the library; null when it cannot be loaded or is not NVML.</summary>
    public static NvmlLibrary? TryLoad(string path) =>
        NativeSymbols.TryLoad(path, out _) is { } library && library.Find("nvmlInit_v2") != 0 ? new NvmlLibrary(library) : null;

    public NvmlReturn Initialize() =>
        Function("nvmlInit_v2") is not 0 and var f ? ((delegate* unmanaged<NvmlReturn>)f)() : NvmlReturn.FunctionNotFound;

    public void Shutdown()
    {
        if (Function("nvmlShutdown") is not 0 and var f)
        {
            _ = ((delegate* unmanaged<NvmlReturn>)f)();
        }
    }

    /// <summary>A call of the form <c>f(char*, unsigned)</c>.</summary>
    public NvmlReturn SystemText(string function, out string? text)
    {
        text = null;
        if (Function(function) is not 0 and var f)
        {
            var buffer = stackalloc byte[96];
            var status = ((delegate* unmanaged<byte*, uint, NvmlReturn>)f)(buffer, 96);
            if (status == NvmlReturn.Success)
            {
                text = Text(buffer, 96);
            }

            return status;
        }

        return NvmlReturn.FunctionNotFound;
    }

    /// <summary>A call of the form <c>f(T*)</c>.</summary>
    public NvmlReturn System<T>(string function, out T value)
        where T : unmanaged
    {
        value = default;
        var f = Function(function);
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        fixed (T* to = &value)
        {
            return ((delegate* unmanaged<void*, NvmlReturn>)f)(to);
        }
    }

    /// <summary>A call of the form <c>f(unsigned index, nvmlDevice_t*)</c>.</summary>
    public NvmlReturn DeviceByIndex(uint index, out nint device)
    {
        device = 0;
        var f = Function("nvmlDeviceGetHandleByIndex_v2");
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        fixed (nint* to = &device)
        {
            return ((delegate* unmanaged<uint, nint*, NvmlReturn>)f)(index, to);
        }
    }

    /// <summary>A call of the form <c>f(nvmlDevice_t, char*, unsigned)</c>.</summary>
    public NvmlReturn DeviceText(string function, nint device, out string? text)
    {
        text = null;
        var f = Function(function);
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        var buffer = stackalloc byte[128];
        var status = ((delegate* unmanaged<nint, byte*, uint, NvmlReturn>)f)(device, buffer, 128);
        if (status == NvmlReturn.Success)
        {
            text = Text(buffer, 128);
        }

        return status;
    }

    /// <summary>A call of the form <c>f(nvmlDevice_t, T*)</c>; a structure with a version goes in as it was filled.</summary>
    public NvmlReturn Device<T>(string function, nint device, ref T value)
        where T : unmanaged
    {
        var f = Function(function);
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        fixed (T* to = &value)
        {
            return ((delegate* unmanaged<nint, void*, NvmlReturn>)f)(device, to);
        }
    }

    /// <summary>A call of the form <c>f(nvmlDevice_t, unsigned, T*)</c>.</summary>
    public NvmlReturn Device<T>(string function, nint device, uint argument, out T value)
        where T : unmanaged
    {
        value = default;
        var f = Function(function);
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        fixed (T* to = &value)
        {
            return ((delegate* unmanaged<nint, uint, void*, NvmlReturn>)f)(device, argument, to);
        }
    }

    /// <summary>A call of the form <c>f(nvmlDevice_t, unsigned*, unsigned*)</c>.</summary>
    public NvmlReturn DevicePair(string function, nint device, out uint first, out uint second)
    {
        uint a = 0,
            b = 0;
        var status = Function(function) is not 0 and var f
            ? ((delegate* unmanaged<nint, uint*, uint*, NvmlReturn>)f)(device, &a, &b)
            : NvmlReturn.FunctionNotFound;
        (first, second) = (a, b);
        return status;
    }

    /// <summary>nvmlDeviceGetTotalEccErrors(device, errorType, counterType, count*).</summary>
    public NvmlReturn EccErrors(nint device, uint errorType, uint counterType, out ulong count)
    {
        ulong value = 0;
        var status = Function("nvmlDeviceGetTotalEccErrors") is not 0 and var f
            ? ((delegate* unmanaged<nint, uint, uint, ulong*, NvmlReturn>)f)(device, errorType, counterType, &value)
            : NvmlReturn.FunctionNotFound;
        count = value;
        return status;
    }

    /// <summary>nvmlDeviceGetRemappedRows(device, correctable*, uncorrectable*, pending*, failure*).</summary>
    public NvmlReturn RemappedRows(nint device, out uint correctable, out uint uncorrectable, out uint pending, out uint failure)
    {
        uint a = 0,
            b = 0,
            c = 0,
            d = 0;
        var status = Function("nvmlDeviceGetRemappedRows") is not 0 and var f
            ? ((delegate* unmanaged<nint, uint*, uint*, uint*, uint*, NvmlReturn>)f)(device, &a, &b, &c, &d)
            : NvmlReturn.FunctionNotFound;
        (correctable, uncorrectable, pending, failure) = (a, b, c, d);
        return status;
    }

    /// <summary>nvmlDeviceGetComputeRunningProcesses_v3; at most 1024 processes.</summary>
    public NvmlReturn Processes(nint device, out NvmlProcessInfo[] processes)
    {
        processes = [];
        var f = Function("nvmlDeviceGetComputeRunningProcesses_v3");
        if (f == 0)
        {
            return NvmlReturn.FunctionNotFound;
        }

        var buffer = new NvmlProcessInfo[1024];
        var count = (uint)buffer.Length;
        NvmlReturn status;
        fixed (NvmlProcessInfo* first = buffer)
        {
            status = ((delegate* unmanaged<nint, uint*, NvmlProcessInfo*, NvmlReturn>)f)(device, &count, first);
        }

        if (status == NvmlReturn.Success)
        {
            processes = buffer[..(int)Math.Min(count, (uint)buffer.Length)];
        }

        return status;
    }

    public string ErrorText(NvmlReturn status) =>
        Function("nvmlErrorString") is not 0 and var f
            ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<NvmlReturn, byte*>)f)(status)) ?? status.ToString()
            : status.ToString();

    private nint Function(string name)
    {
        if (!_functions.TryGetValue(name, out var address))
        {
            _functions[name] = address = _library.Find(name);
        }

        return address;
    }

    private static string Text(byte* buffer, int capacity)
    {
        var span = new ReadOnlySpan<byte>(buffer, capacity);
        var end = span.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? span : span[..end]);
    }
}
