import Glibc

/// GB18030 as UTF-8, by the C library's table; `nil` where the bytes are not GB18030.
func decodeGB18030(_ bytes: [UInt8]) -> [UInt8]? {
    guard let converter = iconv_open("UTF-8", "GB18030"), converter != iconv_t(bitPattern: -1) else { return nil }
    defer { iconv_close(converter) }
    var input = bytes.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: bytes.count * 2 + 16)
    var (inputLeft, outputLeft) = (input.count, output.count)
    let isDone = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            var (from, to) = (source.baseAddress, target.baseAddress)
            return iconv(converter, &from, &inputLeft, &to, &outputLeft) != -1
        }
    }
    guard isDone else { return nil }
    return output.prefix(output.count - outputLeft).map { UInt8(bitPattern: $0) }
}
