CALL public.gradus_make_messaging_tables('notices');
