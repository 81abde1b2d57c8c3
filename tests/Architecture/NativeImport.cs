namespace Torchyard.Architecture;

/// <summary>A function of a native library that a file declares.</summary>
/// <param name="File">Path from the root of the repository.</param>
/// <param name="Library">The library, such as <c>libc</c>.</param>
/// <param name="Function">Its name there.</param>
internal sealed record NativeImport(string File, string Library, string Function);
