using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Files;

/// <summary>Why a file is not read, written or removed.</summary>
internal static class FileRefusal
{
    /// <summary>It is a FIFO, a device, a link or the like where a file must be.</summary>
    public static TorchyardException NotRegular(string name, string what) =>
        new(
            PlatformCodes.NotRegular,
            $"{name} is {what}, not a regular file",
            $"see what put it there (ls -l {name}), then replace it by a file, or remove it"
        );

    /// <summary>It is larger than anything that has its place.</summary>
    public static TorchyardException TooLarge(string name, long limit) =>
        new(
            PlatformCodes.TooLarge,
            $"{name} is larger than {ByteSize.Binary(limit)}",
            $"see what is in it (ls -l {name}), then replace it"
        );

    /// <summary>A link, or a part of the path, leads out of the directory in which it has to stay.</summary>
    public static TorchyardException LeadsOut(string name, string root) =>
        new(
            PlatformCodes.LinkOut,
            $"{name} leads through a link or out of {root}, and is not followed",
            $"see what put it there (ls -l {root}), then remove the link"
        );

    /// <summary>The kernel cannot open files inside a root.</summary>
    public static TorchyardException OldKernel() =>
        new(
            "TY9022",
            "this kernel cannot open files inside one directory alone (openat2, Linux 5.6)",
            "update the kernel to Linux 5.6 or later"
        );

    /// <summary>What a failed system call means.</summary>
    public static Exception Of(string name, string root, int error)
    {
        var text = $"{name}: {Errno.Text(error)}";
        return error switch
        {
            Errno.NotImplemented => OldKernel(),
            Errno.CrossDevice or Errno.TooManyLinks => LeadsOut(name, root),
            Errno.NoEntry => new FileNotFoundException(text, name),
            Errno.NotDirectory => new DirectoryNotFoundException(text),
            Errno.NotPermitted or Errno.AccessDenied => new UnauthorizedAccessException(text),
            _ => new IOException(text, error),
        };
    }
}
