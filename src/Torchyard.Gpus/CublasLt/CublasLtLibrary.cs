using Torchyard.Gpus.Cuda;
using Torchyard.Machine.Libraries;

namespace Torchyard.Gpus.CublasLt;

/// <summary>cuBLASLt (cublasLt.h) through function pointers; the functions used here exist since CUDA 10.1.</summary>
internal sealed unsafe class CublasLtLibrary
{
    /// <summary>CUBLAS_STATUS_NOT_SUPPORTED: no kernel for this combination on this GPU.</summary>
    public const int NotSupported = 15;

    /// <summary>CUBLAS_STATUS_ARCH_MISMATCH: the GPU lacks the feature.</summary>
    public const int ArchitectureMismatch = 8;

    private readonly delegate* unmanaged<nuint> _getVersion;
    private readonly delegate* unmanaged<nint*, int> _create;
    private readonly delegate* unmanaged<nint, int> _destroy;
    private readonly delegate* unmanaged<nint*, CublasComputeType, CudaDataType, int> _descriptionCreate;
    private readonly delegate* unmanaged<nint, int> _descriptionDestroy;
    private readonly delegate* unmanaged<nint, MatmulAttribute, void*, nuint, int> _descriptionSet;
    private readonly delegate* unmanaged<nint*, CudaDataType, ulong, ulong, long, int> _layoutCreate;
    private readonly delegate* unmanaged<nint, int> _layoutDestroy;
    private readonly delegate* unmanaged<nint*, int> _preferenceCreate;
    private readonly delegate* unmanaged<nint, int> _preferenceDestroy;
    private readonly delegate* unmanaged<nint, int, void*, nuint, int> _preferenceSet;
    private readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, MatmulHeuristicResult*, int*, int> _heuristic;
    private readonly delegate* unmanaged<
        nint,
        nint,
        void*,
        ulong,
        nint,
        ulong,
        nint,
        void*,
        ulong,
        nint,
        ulong,
        nint,
        void*,
        ulong,
        nuint,
        nint,
        int> _matmul;

    private CublasLtLibrary(NativeSymbols library, List<string> missing)
    {
        Path = library.Path;
        _getVersion = (delegate* unmanaged<nuint>)library.Need("cublasLtGetVersion", missing);
        _create = (delegate* unmanaged<nint*, int>)library.Need("cublasLtCreate", missing);
        _destroy = (delegate* unmanaged<nint, int>)library.Need("cublasLtDestroy", missing);
        _descriptionCreate = (delegate* unmanaged<nint*, CublasComputeType, CudaDataType, int>)
            library.Need("cublasLtMatmulDescCreate", missing);
        _descriptionDestroy = (delegate* unmanaged<nint, int>)library.Need("cublasLtMatmulDescDestroy", missing);
        _descriptionSet = (delegate* unmanaged<nint, MatmulAttribute, void*, nuint, int>)
            library.Need("cublasLtMatmulDescSetAttribute", missing);
        _layoutCreate = (delegate* unmanaged<nint*, CudaDataType, ulong, ulong, long, int>)
            library.Need("cublasLtMatrixLayoutCreate", missing);
        _layoutDestroy = (delegate* unmanaged<nint, int>)library.Need("cublasLtMatrixLayoutDestroy", missing);
        _preferenceCreate = (delegate* unmanaged<nint*, int>)library.Need("cublasLtMatmulPreferenceCreate", missing);
        _preferenceDestroy = (delegate* unmanaged<nint, int>)library.Need("cublasLtMatmulPreferenceDestroy", missing);
        _preferenceSet = (delegate* unmanaged<nint, int, void*, nuint, int>)library.Need("cublasLtMatmulPreferenceSetAttribute", missing);
        _heuristic = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, MatmulHeuristicResult*, int*, int>)
            library.Need("cublasLtMatmulAlgoGetHeuristic", missing);
        _matmul = (delegate* unmanaged<
            nint,
            nint,
            void*,
            ulong,
            nint,
            ulong,
            nint,
            void*,
            ulong,
            nint,
            ulong,
            nint,
            void*,
            ulong,
            nuint,
            nint,
            int>)
            library.Need("cublasLtMatmul", missing);
    }

    public string Path { get; }

    /// <summary>Loads the library; null when it is absent or incomplete.</summary>
    public static CublasLtLibrary? TryLoad(string path, out string problem)
    {
        if (NativeSymbols.TryLoad(path, out problem) is not { } library)
        {
            return null;
        }

        var missing = new List<string>();
        var loaded = new CublasLtLibrary(library, missing);
        if (missing.Count == 0)
        {
            return loaded;
        }

        problem = $"{path} lacks {string.Join(", ", missing)}";
        return null;
    }

    /// <summary>Version as cuBLAS counts it: 10000·major + 100·minor + patch.</summary>
    public long Version() => (long)_getVersion();

    public nint Create()
    {
        nint handle;
        Check(_create(&handle), "cublasLtCreate");
        return handle;
    }

    public void Destroy(nint handle) => _ = _destroy(handle);

    public nint CreateDescription(CublasComputeType compute, CudaDataType scale)
    {
        nint description;
        Check(_descriptionCreate(&description, compute, scale), "cublasLtMatmulDescCreate");
        return description;
    }

    public void DestroyDescription(nint description) => _ = _descriptionDestroy(description);

    public void Set<T>(nint description, MatmulAttribute attribute, T value)
        where T : unmanaged =>
        Check(_descriptionSet(description, attribute, &value, (nuint)sizeof(T)), $"cublasLtMatmulDescSetAttribute({attribute})");

    /// <summary>A column-major matrix.</summary>
    public nint CreateLayout(CudaDataType type, long rows, long columns, long leading)
    {
        nint layout;
        Check(_layoutCreate(&layout, type, (ulong)rows, (ulong)columns, leading), "cublasLtMatrixLayoutCreate");
        return layout;
    }

    public void DestroyLayout(nint layout) => _ = _layoutDestroy(layout);

    /// <summary>Preferences that allow this much workspace.</summary>
    public nint CreatePreference(long workspaceBytes)
    {
        const int maxWorkspaceBytes = 1;
        nint preference;
        Check(_preferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
        var bytes = (ulong)workspaceBytes;
        Check(_preferenceSet(preference, maxWorkspaceBytes, &bytes, sizeof(ulong)), "cublasLtMatmulPreferenceSetAttribute");
        return preference;
    }

    public void DestroyPreference(nint preference) => _ = _preferenceDestroy(preference);

    /// <summary>The algorithms that cuBLASLt thinks best, best first; none when this GPU has none for the problem.</summary>
    public MatmulHeuristicResult[] Heuristic(nint handle, nint description, nint a, nint b, nint c, nint preference, int count)
    {
        var results = new MatmulHeuristicResult[count];
        int found;
        int status;
        fixed (MatmulHeuristicResult* first = results)
        {
            status = _heuristic(handle, description, a, b, c, c, preference, count, first, &found);
        }

        if (status is NotSupported or ArchitectureMismatch)
        {
            return [];
        }

        Check(status, "cublasLtMatmulAlgoGetHeuristic");
        return [.. results.Take(found).Where(r => r.Status == 0)];
    }

    /// <summary>D = alpha·A·B + beta·C with C and D the same; the status is the caller's to judge.</summary>
    public int Matmul(
        nint handle,
        nint description,
        void* alpha,
        ulong a,
        nint layoutA,
        ulong b,
        nint layoutB,
        void* beta,
        ulong c,
        nint layoutC,
        in MatmulHeuristicResult algorithm,
        ulong workspace,
        long workspaceBytes,
        nint stream
    )
    {
        fixed (MatmulHeuristicResult* chosen = &algorithm)
        {
            return _matmul(
                handle,
                description,
                alpha,
                a,
                layoutA,
                b,
                layoutB,
                beta,
                c,
                layoutC,
                c,
                layoutC,
                chosen->Algorithm,
                workspace,
                (nuint)workspaceBytes,
                stream
            );
        }
    }

    public static void Check(int status, string call)
    {
        if (status != 0)
        {
            throw new GpuCallException(call, status, StatusName(status));
        }
    }

    /// <summary>Name of a cublasStatus_t (cublas_api.h).</summary>
    public static string StatusName(int status) =>
        status switch
        {
            0 => "success",
            1 => "not initialised",
            3 => "out of memory",
            7 => "invalid value",
            8 => "architecture mismatch",
            11 => "mapping error",
            13 => "execution failed",
            14 => "internal error",
            15 => "not supported",
            16 => "licence error",
            _ => "unknown status",
        };
}
