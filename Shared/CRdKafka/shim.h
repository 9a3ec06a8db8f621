#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One header of a message: positions in one shared byte block. value_length < 0 means a null value. */
typedef struct {
    uint32_t name_start;
    uint32_t name_length;
    uint32_t value_start;
    int32_t value_length;
} gradus_kafka_header;

/* rd_kafka_producev is variadic and therefore not visible to Swift, and building the array of its twin there costs more
 * than the call itself. Copies key, value and headers; NULL key or value stays null. partition -1 lets the partitioner choose. */
static inline rd_kafka_resp_err_t gradus_kafka_produce(
    rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition,
    const void *key, size_t key_length, const void *value, size_t value_length,
    const char *header_bytes, const gradus_kafka_header *headers, size_t header_count, void *opaque) {
    rd_kafka_vu_t fields[6];
    size_t count = 0;
    fields[count].vtype = RD_KAFKA_VTYPE_RKT;
    fields[count++].u.rkt = topic;
    fields[count].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[count++].u.i32 = partition;
    fields[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[count++].u.i = RD_KAFKA_MSG_F_COPY;
    fields[count].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[count].u.mem.ptr = (void *)value;
    fields[count++].u.mem.size = value_length;
    fields[count].vtype = RD_KAFKA_VTYPE_KEY;
    fields[count].u.mem.ptr = (void *)key;
    fields[count++].u.mem.size = key_length;
    fields[count].vtype = RD_KAFKA_VTYPE_OPAQUE;
    fields[count++].u.ptr = opaque;

    rd_kafka_vu_t with_headers[7];
    const rd_kafka_vu_t *arguments = fields;
    rd_kafka_headers_t *list = NULL;
    if (header_count > 0) {
        list = rd_kafka_headers_new(header_count);
        for (size_t i = 0; i < header_count; i++) {
            const gradus_kafka_header *h = &headers[i];
            rd_kafka_header_add(list, header_bytes + h->name_start, (ssize_t)h->name_length,
                                h->value_length < 0 ? NULL : header_bytes + h->value_start,
                                h->value_length < 0 ? 0 : (ssize_t)h->value_length);
        }
        memcpy(with_headers, fields, sizeof(fields));
        with_headers[count].vtype = RD_KAFKA_VTYPE_HEADERS;
        with_headers[count++].u.headers = list;
        arguments = with_headers;
    }
    rd_kafka_error_t *error = rd_kafka_produceva(client, arguments, count);
    if (!error)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    /* Ownership of the header list passes only on success. */
    if (list)
        rd_kafka_headers_destroy(list);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return code;
}
