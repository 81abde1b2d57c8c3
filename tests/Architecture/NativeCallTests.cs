namespace Torchyard.Architecture;

/// <summary>
/// One binding of libc for the program, and one for the supervisor, which stands on nothing. A function that was declared in five places
/// had five ideas of its errors, and flags of x86 on arm64.
/// </summary>
public sealed class NativeCallTests
{
    private static readonly string[] Rooms =
    [
        "src/Torchyard.Platform/Linux/",
        "src/Torchyard.Platform/Compression/Interop/",
        "src/Torchyard.Gpus/",
        "src/Torchyard.Supervisor/Native/",
    ];

    [Fact]
    public void Native_functions_are_declared_in_their_rooms() =>
        Findings.None(
            SourceModel
                .Current.NativeImports()
                .Where(import => !Rooms.Any(room => import.File.StartsWith(room, StringComparison.Ordinal)))
                .Select(import => $"{import.File}: {import.Function} of {import.Library}")
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Functions_of_libc_are_declared_in_the_Linux_room_alone() =>
        Findings.None(
            SourceModel
                .Current.NativeImports()
                .Where(import => import.Library is "libc" or "c" or "libc.so.6")
                .Where(import =>
                    !import.File.StartsWith("src/Torchyard.Platform/Linux/", StringComparison.Ordinal)
                    && !import.File.StartsWith("src/Torchyard.Supervisor/Native/", StringComparison.Ordinal)
                )
                .Select(import => $"{import.File}: {import.Function}")
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void No_function_is_declared_twice() =>
        Findings.None(
            SourceModel
                .Current.NativeImports()
                .GroupBy(import => (Project: Arrow.ProjectOf(import.File), import.Library, import.Function))
                .Where(group => group.Count() > 1)
                .Select(group => $"{group.Key.Function} of {group.Key.Library}: {string.Join(", ", group.Select(import => import.File))}")
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Declarations_are_found() =>
        Assert.Contains(
            new NativeImport("src/Torchyard.Platform/Linux/UserCalls.cs", "libc", "geteuid"),
            SourceModel.Current.NativeImports()
        );
}
