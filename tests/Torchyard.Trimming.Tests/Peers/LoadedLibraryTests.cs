using System.Runtime.InteropServices;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Testing.Gpus;
using Torchyard.Trimming.Files;
using Torchyard.Trimming.Rules;
using Torchyard.Trimming.Tests.Libraries;

namespace Torchyard.Trimming.Tests.Peers;

/// <summary>
/// A library that gcc and ld made, with wrappers that point at its fatbins, in the hands of the loader and of other tools.
/// </summary>
public sealed class LoadedLibraryTests : IDisposable
{
    private const string Source = """
        __asm__(".section .nv_fatbin,\"a\"\n.balign 8\n"
                ".globl first\n.hidden first\nfirst: .incbin \"PLACE/first\"\n"
                ".globl second\n.hidden second\nsecond: .incbin \"PLACE/second\"\n"
                ".globl third\n.hidden third\nthird: .incbin \"PLACE/third\"\n.previous\n");
        extern const unsigned long long first[], second[], third[];
        struct wrapper { int magic, version; const unsigned long long *data; void *more; };
        static struct wrapper wrappers[] __attribute__((section(".nvFatBinSegment"), used)) = {
            { 0x466243b1, 1, first, 0 }, { 0x466243b1, 1, second, 0 }, { 0x466243b1, 1, third, 0 } };
        static int counted[5000] = { 7 };
        unsigned long long payload(int index) { return wrappers[index].data[1]; }
        unsigned long long word(int index, int at) { return wrappers[index].data[at]; }
        int count(void) { return counted[0]++; }
        """;

    private readonly TemporaryDirectory _place = new();

    private delegate ulong OfRegion(int index);

    private delegate ulong OfWord(int index, int at);

    private delegate int OfNothing();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task The_loader_takes_a_trimmed_library()
    {
        Check(await TrimmedAsync());
    }

    [Fact]
    public async Task Strip_gives_a_library_that_loads()
    {
        var strip = Requires.Program("strip");
        var path = await TrimmedAsync();
        await RunAsync(strip, path);
        Check(path);
    }

    [Fact]
    public async Task Patchelf_gives_a_library_that_loads()
    {
        var patchelf = Requires.Program("patchelf");
        var path = await TrimmedAsync();
        await RunAsync(patchelf, "--set-rpath", "$ORIGIN/../" + new string('x', 500), path);
        Check(path);
        await RunAsync(Requires.Program("strip"), path);
        Check(path);
    }

    [Fact]
    public async Task A_library_that_patchelf_and_strip_changed_is_trimmed_further()
    {
        var patchelf = Requires.Program("patchelf");
        var path = await TrimmedAsync("sm_80", "sm_90");
        await RunAsync(patchelf, "--set-rpath", "$ORIGIN/../" + new string('x', 500), path);
        Trim(path, "sm_90");
        Check(path);
    }

    [Fact]
    public async Task Elflint_and_readelf_find_nothing_new()
    {
        var lint = Requires.Program("eu-elflint");
        // Local symbols inside a fatbin would be said to lie beyond its first section.
        var path = await MakeAsync("-s");
        Trim(path, "sm_90");
        await RunAsync(lint, "--gnu-ld", path);
        var headers = await RunAsync(Requires.Program("readelf"), "-lSW", path);
        Assert.DoesNotContain("Warning", headers.Error, StringComparison.Ordinal);
        Assert.Contains(".nv_fatbin", headers.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Cuda_libraries_of_Debian_shrink_and_load()
    {
        var real = NvidiaPackages.Library("libcublasLt.so.12");
        var path = _place.File("libcublasLt.so.12");
        File.Copy(RealPath.Of(real), path);
        var found = Trim(path, "sm_80", "sm_90");
        Assert.InRange(found.Plan.CodeAfter, 1, found.Plan.CodeBefore * 7 / 10);
        Assert.InRange(new FileInfo(path).Length, 1, found.Plan.BytesBefore - (found.Plan.CodeBefore - found.Plan.CodeAfter) + (4 << 20));
        Assert.Empty(found.Plan.Doubts);
        Assert.False(Trim(path, "sm_80", "sm_90").Plan.IsChange);
        Assert.NotEqual(nint.Zero, NativeLibrary.Load(path));
    }

    private async Task<string> TrimmedAsync(params string[] gpus)
    {
        var path = await MakeAsync();
        var found = Trim(path, gpus.Length == 0 ? ["sm_90"] : gpus);
        Assert.True(new FileInfo(path).Length < 140_000 + (found.Plan.CodeAfter > 20_000 ? 130_000 : 0));
        return path;
    }

    private async Task<string> MakeAsync(params string[] options)
    {
        await WriteAsync("first", TestEntry.Cubin(80, 40_000), TestEntry.Cubin(90, 800), TestEntry.Cubin(70, 40_000));
        await WriteAsync("second", TestEntry.Cubin(70, 400_000));
        await WriteAsync("third", TestEntry.Cubin(90, 8000), TestEntry.Cubin(80, 80_000));
        var path = _place.File("libtrimmed.so");
        await CCompiler.CompileAsync(
            Source.Replace("PLACE", _place.Path, StringComparison.Ordinal),
            path,
            ["-shared", "-fPIC", "-O1", .. options]
        );
        return path;
    }

    private Task WriteAsync(string name, params TestEntry[] entries) =>
        File.WriteAllBytesAsync(_place.File(name), TestEntry.Region(entries), TestContext.Current.CancellationToken);

    // A copy with a name of its own: the loader gives the same library for the same file.
    private void Check(string path)
    {
        var copy = _place.File($"lib{Guid.NewGuid():N}.so");
        File.Copy(path, copy);
        var library = NativeLibrary.Load(copy);
        var payload = Marshal.GetDelegateForFunctionPointer<OfRegion>(NativeLibrary.GetExport(library, "payload"));
        var word = Marshal.GetDelegateForFunctionPointer<OfWord>(NativeLibrary.GetExport(library, "word"));
        Assert.Equal(864ul, payload(0));
        Assert.Equal(0ul, payload(1));
        Assert.Equal(8064ul, payload(2));
        // The payloads of cubins are bytes of their architecture: 90 is 0x5a.
        Assert.Equal(0x5a5a5a5a5a5a5a5aul, word(0, 2 + 8));
        Assert.Equal(0x5a5a5a5a5a5a5a5aul, word(2, 2 + 8 + 999));
        var count = Marshal.GetDelegateForFunctionPointer<OfNothing>(NativeLibrary.GetExport(library, "count"));
        Assert.Equal(7, count());
        Assert.Equal(8, count());
    }

    private static TrimmedFile Trim(string path, params string[] gpus)
    {
        using var directory = ConfinedDirectory.Open(Path.GetDirectoryName(path)!);
        return new TreeTrimmer { Targets = TrimTargets.Of(gpus) }.TrimFile(
            directory,
            Path.GetFileName(path),
            TestContext.Current.CancellationToken
        )!;
    }

    private static async Task<CommandResult> RunAsync(string program, params string[] arguments)
    {
        var result = await HostCommand.RunAsync(HostProgram.At(program), arguments, cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        return result;
    }
}
